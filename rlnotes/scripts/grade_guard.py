"""Parts of the package and of its libraries, remembered, to be put back if replaced.

Pupils' cells run in the process that checks them. One that overwrites `Exercise.check`
or `numpy.allclose` there must not pass by that. This stops accidents and simple tricks;
no code can defend itself against other code in the same process that is out for it.
"""

import sys
from types import FunctionType, ModuleType

OURS, CHECKERS = "rlnotes", "rlnotes.exercises"
LIBRARIES = ("builtins", "copy", "inspect", "numpy", "signal", "torch")
_MISSING = object()


class Guard:
    """What stands in the package's modules and classes when the guard is made."""

    def __init__(self):
        modules = [m for name, m in sys.modules.items() if name.partition(".")[0] == OURS]
        own = [*modules, *_classes(modules)]
        places = [*own, *(sys.modules[name] for name in LIBRARIES)]
        self._names = [(place, dict(vars(place))) for place in places]
        self._code = [(f, (f.__code__, f.__defaults__)) for f in _functions(own)]
        checkers = [m for m in modules if m.__name__.startswith(CHECKERS)]
        self._tables = [(t, t.copy()) for m in checkers for t in _tables(m)]

    def restore(self) -> list[str]:
        """Put back what was replaced; return the names of what was.

        Names that are new stay: a module that is imported later is one.
        """
        changed = []
        for place, before in self._names:
            for name, value in before.items():
                if vars(place).get(name, _MISSING) is not value and not _moves(name):
                    setattr(place, name, value)
                    changed.append(f"{_name_of(place)}.{name}")
        for function, (code, defaults) in self._code:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                function.__code__, function.__defaults__ = code, defaults
                changed.append(f"{function.__module__}.{function.__qualname__}")
        for table, before in self._tables:
            if _identities(table) != _identities(before):
                table.clear()
                (table.extend if isinstance(table, list) else table.update)(before)
                changed.append(f"a table of {CHECKERS}")
        return changed


def _name_of(place: ModuleType | type) -> str:
    return f"{place.__module__}.{place.__name__}" if isinstance(place, type) else place.__name__


def _moves(name: str) -> bool:
    """Whether Python itself writes a name: a cell's last result, a class's caches."""
    return name == "_" or (name.startswith("__") and name.endswith("__") and name != "__init__")


def _is_ours(value: type | FunctionType) -> bool:
    return str(value.__module__).partition(".")[0] == OURS


def _classes(modules: list[ModuleType]) -> list[type]:
    found = {
        id(value): value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and _is_ours(value)
    }
    return list(found.values())


def _functions(places: list) -> list[FunctionType]:
    found = {}
    for place in places:
        for value in vars(place).values():
            for name in ("__func__", "func", "fget"):  # methods and properties hold one
                value = getattr(value, name, None) or value
            if isinstance(value, FunctionType) and _is_ours(value):
                found[id(value)] = value
    return list(found.values())


def _tables(module: ModuleType) -> list:
    return [value for value in vars(module).values() if type(value) in (list, dict, set)]


def _identities(table) -> list:
    """Which objects it holds; they are not compared, since arrays have no truth."""
    held = table.items() if isinstance(table, dict) else table
    return [(id(part[0]), id(part[1])) if isinstance(table, dict) else id(part) for part in held]
