"""Packages whose modules are loaded when asked for: `exact.mdp.policy_values`."""

import pkgutil
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType


def on_demand(package: str) -> tuple[Callable[[str], ModuleType], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for the `__init__` of a package.

    Args:
        package: its full name.

    Returns:
        The two functions. The first loads a module of that name, and raises
        `AttributeError` if there is none; the second lists names and modules.
    """

    def load(name: str) -> ModuleType:
        full = f"{package}.{name}"
        if not name.startswith("_"):
            try:
                return import_module(full)
            except ModuleNotFoundError as error:
                if error.name != full:  # something that the module needs is missing
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        module = sys.modules[package]
        return sorted(
            {*vars(module), *(found.name for found in pkgutil.iter_modules(module.__path__))}
        )

    return load, names
