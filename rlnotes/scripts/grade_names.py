"""Names in a piece of code: what it reads, binds and changes in place."""

import ast
import symtable
from functools import lru_cache


@lru_cache(maxsize=10_000)
def names_of(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that code reads from outside, and names that it binds.

    A name that is only changed by `+=` and the like is read, and not bound.

    Example:
        >>> [sorted(names) for names in names_of("a = b; c += a")]
        [['b', 'c'], ['a']]
    """
    others = [s for s in ast.parse(code).body if not isinstance(s, ast.AugAssign)]
    table = symtable.symtable(ast.unparse(ast.Module(others, [])), "cell", "exec")
    binds = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    whole = symtable.symtable(code, "cell", "exec")
    reads = {s.get_name() for s in whole.get_symbols() if s.is_referenced()}
    reads |= altered(code) | _globals(whole)
    return frozenset(reads - binds), frozenset(binds)


@lru_cache(maxsize=10_000)
def altered(code: str) -> frozenset[str]:
    """Names whose objects the statements at the top change: `x[0] = 1`, `x.sort()`.

    Example:
        >>> sorted(altered("x[0].a = 1; y.sort(); z += 1; del w[2]; v = 3"))
        ['w', 'x', 'y', 'z']
    """
    found = set()
    for statement in ast.parse(code).body:
        match statement:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                found |= {_base(t) for t in targets if not isinstance(t, ast.Name)}
            case ast.AugAssign(target=target):
                found.add(_base(target))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
                found.add(_base(owner))
    return frozenset(found - {""})


def _base(target: ast.expr) -> str:
    """The name that `name[...].x` begins with; empty if there is none."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Names that functions and classes of a cell read from outside of themselves."""
    names = set()
    for child in table.get_children():
        symbols = child.get_symbols()
        names |= {s.get_name() for s in symbols if s.is_global() and s.is_referenced()}
        names |= _globals(child)
    return names
