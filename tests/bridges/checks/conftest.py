import pytest

from tests.bridges.checks.small_runs import save_model


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("words") / "model")
