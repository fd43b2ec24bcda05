"""The layers of the package: who may import whom, and what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rlnotes"

# layer: (our layers it may import, outside libraries it may import)
MATHS = {"numpy", "torch"}
BELOW_PLOTTING = ["_checks", "functional", "exact", "envs", "models", "data", "training"]
LAYERS = {
    "_modules": ([], set()),  # for the __init__ of every layer
    "_checks": ([], MATHS),
    "functional": (["_checks"], MATHS),
    "exact": (["_checks", "functional"], MATHS),
    "envs": (["_checks", "functional", "exact"], MATHS | {"gymnasium"}),
    "models": (["_checks", "functional", "exact"], MATHS),
    "data": (["_checks", "functional", "exact"], MATHS | {"PIL"}),
    "training": (BELOW_PLOTTING[:-1], MATHS | {"gymnasium", "tqdm"}),
    "plotting": (["_checks"], MATHS | {"matplotlib"}),
    "review": (["_checks"], {"anywidget", "ipywidgets", "traitlets"}),
    "explorers": (
        [*BELOW_PLOTTING, "plotting", "review"],
        MATHS
        | {"gymnasium", "matplotlib", "ipywidgets", "anywidget", "traitlets", "IPython", "PIL"},
    ),
    "exercises": (BELOW_PLOTTING, MATHS),
    "site": (  # with the extra `site`
        ["_checks", "explorers", "plotting", "review"],
        {
            "ipywidgets",
            "latex2mathml",
            "nbconvert",
            "nbformat",
            "numpy",
            "PIL",
            "pygments",
            "torch",
        },
    ),
}
# Libraries of the extra `documents`, and the modules that may need it.
EXTRA = {"pdfplumber", "pdfminer", "facturx", "pypdf", "lxml"}
NEED_EXTRA = {"pdfs.py", "e_invoices.py"}
# Entry points: nothing imports them, and they may import anything.
TOPS = {"scripts", "bridges"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common"}


def layer_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported_modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(layer: str, imports: set[str]) -> set[str]:
    ours, outside = LAYERS[layer]
    wrong = set()
    for name in imports:
        root, _, rest = name.partition(".")
        if root == "rlnotes":
            target = rest.split(".")[0]
            if target and target not in {layer, "_modules", *ours}:
                wrong.add(name)
        elif root not in outside and root not in sys.stdlib_module_names:
            wrong.add(name)
    return wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards_only(path):
    layer = layer_of(path)
    assert path.stem not in FORBIDDEN_NAMES
    if layer in TOPS or layer == "__init__":
        return
    assert layer in LAYERS, f"{layer} is not in the table"
    imports = imported_modules(path)
    if layer == "data" and path.name in NEED_EXTRA:
        imports = {name for name in imports if name.partition(".")[0] not in EXTRA}
    assert not violations(layer, imports)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("functional", "rlnotes.exact.mdp"),
        ("functional", "matplotlib"),
        ("exact", "rlnotes.envs.maze"),
        ("envs", "rlnotes.explorers"),
        ("plotting", "rlnotes.functional.bellman"),
        ("exercises", "rlnotes.plotting.style"),
        ("explorers", "rlnotes.scripts.lab"),
        ("explorers", "rlnotes.site.formulas"),
    ],
)
def test_the_check_sees_a_forbidden_import(layer, name):
    assert violations(layer, {name}) == {name}


def test_nothing_but_the_bridges_needs_their_libraries_or_them():
    bridge = {"trl", "transformers", "peft", "accelerate", "datasets", "tokenizers"}
    for path in MODULES:
        if layer_of(path) != "bridges":
            imports = imported_modules(path)
            assert not {name.partition(".")[0] for name in imports} & bridge, path
            assert not any(name.startswith("rlnotes.bridges") for name in imports), path


def test_no_module_draws_through_pyplot():
    for path in MODULES:
        assert "matplotlib.pyplot" not in imported_modules(path), path


def test_functional_needs_only_numpy_and_torch():
    # Every module of functional, in a fresh interpreter in which all else is hidden.
    paths = (PACKAGE / "functional").rglob("[!_]*.py")
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    assert "rlnotes.functional.extraction.reward" in names
    code = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'gymnasium', 'PIL', 'tqdm', 'IPython'):\n"
        "    sys.modules[name] = None\n"
        "import importlib, rlnotes.functional\n"
        f"[importlib.import_module(name) for name in {names}]\n"
    )
    assert names
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_readers_of_documents_load_without_the_extra():
    code = (
        "import sys\n"
        f"for name in {sorted(EXTRA)}:\n"
        "    sys.modules[name] = None\n"
        "import rlnotes.data.documents.folders\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_explorers_package_builds_nothing():
    code = (
        "import sys, rlnotes.explorers, rlnotes.exercises\n"
        "assert 'ipywidgets' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
