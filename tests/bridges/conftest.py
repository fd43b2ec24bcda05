"""What the tests of the bridge share: no network, one thread, two tiny models."""

import os

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import pytest

from rlnotes.bridges.run_documents import invented
from rlnotes.bridges.tiny_model import save_tiny_model
from tests.bridges.word_model import save_word_model


@pytest.fixture(scope="session")
def word_model(tmp_path_factory) -> str:
    """A folder with a model of twelve words; to be read only."""
    return save_word_model(tmp_path_factory.mktemp("word_model"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A folder with the tiny model and its tokenizer; to be read only."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def short_documents():
    """Sixteen invented documents of at most 40 segments, with labels."""
    return invented(16, seed=0, most_segments=40)
