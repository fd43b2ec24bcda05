"""Packages whose modules are loaded when they are asked for."""

import subprocess
import sys
from importlib import import_module

import pytest

from rlnotes import _modules, exact

PACKAGES = ("functional", "exact", "envs", "models", "data", "training", "review")
INNER = ("data.documents.pointing", "data.invoices.golden", "training.invoices.dpo")


def printed_by(code: str) -> str:
    run = [sys.executable, "-c", code]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_a_module_is_loaded_when_it_is_asked_for_and_not_before(name):
    package = import_module(f"rlnotes.{name}")
    modules = [module for module in dir(package) if not module.startswith("_")]
    first = next(m for m in modules if m not in ("on_demand",))
    full = f"rlnotes.{name}.{first}"
    code = f"import sys; from rlnotes import {name}; print({full!r} in sys.modules, "
    code += f"{name}.{first}.__name__ == {full!r}, {full!r} in sys.modules)"
    assert printed_by(code) == "False True True\n"


@pytest.mark.parametrize("name", INNER)
def test_so_is_a_module_of_a_package_within_a_package(name):
    layer, inner, _ = name.split(".")
    code = f"import sys; from rlnotes import {layer}; {layer}.{inner}; "
    code += f"print('rlnotes.{name}' in sys.modules, {name}.__name__)"
    assert printed_by(code) == f"False rlnotes.{name}\n"


def test_dir_lists_the_modules_and_what_the_package_holds():
    assert {"mdp", "lineage", "__doc__"} <= set(dir(exact))


@pytest.mark.parametrize("name", ["nothing", "_private", "__wrapped__"])
def test_another_name_is_refused(name):
    with pytest.raises(AttributeError, match=f"module 'rlnotes.exact' has no attribute '{name}'"):
        getattr(exact, name)


def test_what_a_module_misses_itself_is_said(tmp_path):
    (tmp_path / "some_package").mkdir()
    (tmp_path / "some_package" / "__init__.py").write_text("")
    (tmp_path / "some_package" / "broken.py").write_text("import not_installed_at_all")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from rlnotes import _modules\n"
    code += "load, names = _modules.on_demand('some_package')\n"
    code += "import some_package; print(names()[-1])\n"
    code += "try: load('broken')\nexcept ModuleNotFoundError as error: print(error.name)"
    assert printed_by(code) == "broken\nnot_installed_at_all\n"
    assert _modules.on_demand("rlnotes.exact")[0]("mdp") is exact.mdp
