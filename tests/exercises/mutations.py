"""One-place mutations of a function: its own source, and the helpers it calls.

A mutation that a checker accepts shows that a case is missing, unless the mutated
function is still the same function.
"""

import ast
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from types import FunctionType

import numpy as np

_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "sum": "mean",
    "mean": "sum",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "exp": "expm1",
}
_SYMMETRIC = {"max", "min", "maximum", "minimum", "logaddexp", "dot", "zip"}


def mutants(function: Callable) -> Iterator[tuple[str, Callable]]:
    """What was changed, and the changed function, for each place and change.

    Args:
        function: a solution. Functions of the exercises that it calls are changed as
            well, one at a time.
    """
    family = _family(function)
    for name, member in family.items():
        tree = ast.parse(inspect.getsource(member)).body[0]
        for change, mutated in _mutated_trees(tree):
            namespace: dict = {}
            for code in family.values():
                namespace.update(code.__globals__)
            for other, code in family.items():
                exec(mutated if other == name else inspect.getsource(code), namespace)
            yield f"{name}: {change}", namespace[function.__name__]


def blinded(
    function: Callable, cases: list[Mapping[str, object]]
) -> Iterator[tuple[str, Callable]]:
    """The function with one argument fixed, dropped or reversed."""
    for name, first in cases[0].items():
        if np.ndim(first) == 0:
            for text, value in {str(case[name]): case[name] for case in cases}.items():
                yield (
                    f"{name} fixed at {text}",
                    _blind(function, name, lambda _, v=value: deepcopy(v)),
                )
            continue
        yield f"{name} zero", _blind(function, name, np.zeros_like)
        yield f"{name} one", _blind(function, name, np.ones_like)
        yield f"{name} reversed", _blind(function, name, lambda value: value[::-1].copy())
        if isinstance(first, np.ndarray) and first.dtype == bool:
            yield f"{name} inverted", _blind(function, name, np.invert)


def _blind(function: Callable, name: str, seen: Callable) -> Callable:
    return lambda **arguments: function(**{**arguments, name: seen(arguments[name])})


def _family(function: Callable) -> dict[str, FunctionType]:
    """The function and those of the exercises that it calls, directly or not."""
    family, waiting = {}, [function]
    while waiting:
        member = waiting.pop()
        family[member.__name__] = member
        called = (member.__globals__.get(name) for name in member.__code__.co_names)
        waiting += [
            other
            for other in called
            if isinstance(other, FunctionType)
            and other.__module__.startswith("rlnotes.exercises")
            and other.__name__ not in family
        ]
    return family


def _mutated_trees(tree: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """What was changed, and the whole source after it."""
    words = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    strict = {word.value for word in words if word.arg == "strict"}
    for place, node in enumerate(ast.walk(tree)):
        if node in strict:
            continue
        for number in range(len(_alternatives(node))):
            copy = deepcopy(tree)
            target = list(ast.walk(copy))[place]
            statement = _statement_of(copy, target)
            before = _head(statement)
            changed = _alternatives(target)[number]
            _Replace(target, changed).visit(copy)
            after = "(deleted)" if changed is None else _head(statement)
            after = _head(changed) if target is statement and changed is not None else after
            yield f"{before}  ->  {after}", ast.unparse(ast.fix_missing_locations(copy))


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, changed: ast.AST | None):
        self.target, self.changed = target, changed

    def visit(self, node: ast.AST):
        if node is self.target:
            return ast.Pass() if self.changed is None else self.changed
        return self.generic_visit(node)


def _statement_of(tree: ast.AST, target: ast.AST) -> ast.stmt:
    """The innermost statement that holds the node."""
    found = tree
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and any(inner is target for inner in ast.walk(node)):
            found = node  # breadth first: later ones lie deeper
    return found


def _head(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(deepcopy(node))).splitlines()[0]


def _alternatives(node: ast.AST) -> list[ast.AST | None]:
    """What may stand in the place of a node; None deletes it."""
    kinds = {
        ast.Constant: _constants,
        ast.Compare: _compares,
        ast.BinOp: _operations,
        ast.BoolOp: _choices,
        ast.UnaryOp: lambda node: [node.operand],
        ast.IfExp: lambda node: [node.body, node.orelse],
        ast.Call: _calls,
        ast.Slice: _slices,
        ast.Return: lambda node: [ast.Return(ast.UnaryOp(ast.USub(), node.value))],
        ast.Assign: lambda _: [None],
        ast.AugAssign: _augmented,
        ast.Continue: lambda _: [None],
        ast.Break: lambda _: [None],
    }
    find = kinds.get(type(node))
    if find is None or (isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple)):
        return []
    return find(node)


def _constants(node: ast.Constant) -> list[ast.AST]:
    if isinstance(node.value, bool):
        return [ast.Constant(not node.value)]
    if not isinstance(node.value, int | float) or math.isinf(node.value):
        return []
    return [ast.Constant(node.value + 1), ast.Constant(node.value - 1)]


def _compares(node: ast.Compare) -> list[ast.AST]:
    others = _COMPARISONS.get(type(node.ops[0]), ())
    return [ast.Compare(node.left, [other()], node.comparators) for other in others]


def _operations(node: ast.BinOp) -> list[ast.AST]:
    swapped = _OPERATORS.get(type(node.op))
    changed = [ast.BinOp(node.left, swapped(), node.right)] if swapped else []
    return [*changed, node.left, node.right]


def _choices(node: ast.BoolOp) -> list[ast.AST]:
    other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    return [ast.BoolOp(other, node.values), *node.values]


def _calls(node: ast.Call) -> list[ast.AST]:
    """Another function of the same kind; one argument less; or the argument itself."""
    found: list[ast.AST] = []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if name in _NAMES and isinstance(node.func, ast.Attribute):
        func = ast.Attribute(node.func.value, _NAMES[name], ast.Load())
        found.append(ast.Call(func, node.args, node.keywords))
    elif name in ("max", "min"):
        found.append(ast.Call(ast.Name(_NAMES[name], ast.Load()), node.args, node.keywords))
    keywords = [word for word in node.keywords if word.arg not in ("dtype", "strict")]
    for word in keywords:
        rest = [other for other in node.keywords if other is not word]
        found.append(ast.Call(node.func, node.args, rest))
    if len(node.args) == 1 and not node.keywords:
        found.append(node.args[0])
    if len(node.args) == 2 and name not in _SYMMETRIC:
        swapped = [node.args[1], node.args[0]]
        found.append(ast.Call(node.func, swapped, node.keywords))
    if not node.args and isinstance(node.func, ast.Attribute):
        found.append(node.func.value)
    return found


def _slices(node: ast.Slice) -> list[ast.AST]:
    parts = (node.lower, node.upper, node.step)
    return [
        ast.Slice(*(None if dropped == place else part for place, part in enumerate(parts)))
        for dropped, value in enumerate(parts)
        if value is not None
    ]


def _augmented(node: ast.AugAssign) -> list[ast.AST | None]:
    swapped = _OPERATORS.get(type(node.op), ast.Sub)
    return [
        None,
        ast.AugAssign(node.target, swapped(), node.value),
        ast.Assign([node.target], node.value),
    ]
