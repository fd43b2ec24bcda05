"""The checkout that the commands work on, and whether notebooks would import it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHERE = "import importlib.util as u; s = u.find_spec('rlnotes'); print(s and s.origin or '')"


def notebooks_of(root: Path) -> list[Path]:
    """The notebooks of a checkout, in order.

    Raises:
        ValueError: if there are none, as beside an installed wheel.
    """
    found = sorted((root / "notebooks").glob("*.ipynb"))
    if not found:
        raise ValueError(
            f"no notebooks in {root / 'notebooks'}: this command needs a clone of the "
            "repository, installed with pip install -e ."
        )
    return found


def require_kernels_import(
    root: Path, *, python: str, cwd: Path, environment: Mapping[str, str]
) -> None:
    """Find out whether notebooks would import the package of a checkout.

    A script may find the package in its own working directory. A kernel runs in the
    folder of its notebook, and finds what is installed.

    Args:
        root: the checkout.
        python: the interpreter of the kernels.
        cwd: the folder in which they would run.
        environment: their environment variables.

    Raises:
        ValueError: if another package would be imported or none, with the remedy.
    """
    answer = subprocess.run(
        [python, "-c", WHERE], cwd=cwd, env=dict(environment), capture_output=True, text=True
    )
    imported = answer.stdout.strip()
    ours = root / "rlnotes" / "__init__.py"
    if imported and Path(imported).exists() and Path(imported).samefile(ours):
        return
    wrong = f"notebooks would import {imported}" if imported else "notebooks find no rlnotes"
    raise ValueError(f'{wrong}, not the one in {root}: run "{python}" -m pip install -e "{root}"')
