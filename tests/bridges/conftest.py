"""What the tests of the bridge share: no network, two tiny models, two processes."""

import os
import subprocess
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import pytest

from rlnotes.bridges.run_documents import invented
from rlnotes.bridges.tiny_model import save_tiny_model
from tests.bridges.word_model import save_word_model

ROOT = Path(__file__).parents[2]


def pytest_configure(config):
    # TRL calls what is new in transformers by its old names.
    old = "`(is_)?gradient_checkpointing(_enable|_disable)?` is deprecated"
    config.addinivalue_line("filterwarnings", f"ignore:{old}:FutureWarning")


@pytest.fixture(scope="session")
def word_model(tmp_path_factory) -> str:
    """A folder with a model of twelve words; to be read only."""
    return save_word_model(tmp_path_factory.mktemp("word_model"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A folder with the tiny model and its tokenizer; to be read only."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def two_processes(word_model, tiny_folder, tmp_path_factory):
    """The folder to which two processes wrote what they found, and what they printed.

    They are started once for all tests: they take longer to start than to run.
    """
    folder = tmp_path_factory.mktemp("two")
    launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    script = ["-m", "tests.bridges.two_processes", word_model, tiny_folder, folder]
    done = subprocess.run(
        [sys.executable, "-m", *launcher, *script],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder, done.stdout


@pytest.fixture(scope="session")
def short_documents():
    """Sixteen invented documents of at most 40 segments, with labels."""
    return invented(16, seed=0, most_segments=40)
