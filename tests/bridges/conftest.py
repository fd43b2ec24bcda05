"""What the tests of the bridge share: no network, one thread, one tiny model."""

import os

import pytest
import torch

os.environ["HF_HUB_OFFLINE"] = "1"
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A folder with the tiny model and its tokenizer; to be read only."""
    from rlnotes.bridges.tiny_model import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def short_documents():
    """Sixteen invented documents of at most 40 segments, with labels."""
    from rlnotes.bridges.run_documents import invented

    return invented(16, seed=0, most_segments=40)
