"""The numbers of these tests belong to the versions that the project names."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PEERS = list(map(Requirement, PROJECT["optional-dependencies"]["peers"]))


@pytest.mark.parametrize("requirement", PEERS, ids=lambda requirement: requirement.name)
def test_the_pinned_version_is_the_installed_one(requirement):
    (pin,) = requirement.specifier
    assert (pin.operator, pin.version) == ("==", version(requirement.name))


def test_gymnasium_is_the_one_of_the_tables():
    assert version("gymnasium") == "1.4.0"
