"""What a command says where the libraries of the extra are not installed."""

from importlib.util import find_spec

LIBRARIES = ("trl", "transformers", "peft", "accelerate", "datasets")
INSTALL = 'pip install -c constraints.txt -e ".[trl]"'


def missing_extra() -> str:
    """A sentence that names what is missing and how to get it; empty if nothing is."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if not missing:
        return ""
    return f"not installed: {', '.join(missing)}; in the project's folder: {INSTALL}"
