"""Off line, one thread, and one tiny checkpoint for all tests that need no other."""

import os

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import pytest

from tests.bridges.word_model import save_word_model


@pytest.fixture(scope="session")
def word_model(tmp_path_factory) -> str:
    return save_word_model(tmp_path_factory.mktemp("word_model"))
