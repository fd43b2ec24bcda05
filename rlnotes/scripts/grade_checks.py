"""Calls of the checkers in a cell: found, and replaced by notes."""

import ast
import copy
from dataclasses import dataclass

from rlnotes.exercises import catalog

NOTE = "__note_the_candidate__"  # stands in a cell's code in place of a checker


@dataclass(frozen=True)
class Check:
    """A call of a checker: which exercise, and the expression that it is given.

    Args:
        exercise: its name in the catalogue.
        candidate: the expression; None if the call gives none.
        place: of the statement that holds the call, among those of its cell.
    """

    exercise: str
    candidate: ast.expr | None
    place: int


def checks_in(tree: ast.Module) -> list[Check]:
    """All calls `exercises()["name"].check(...)`, wherever they stand."""
    found = []
    for place, statement in enumerate(tree.body):
        for call in ast.walk(statement):
            if name := _exercise_of(call):
                given = [k.value for k in call.keywords if k.arg == "candidate"]
                found.append(Check(name, next(iter(call.args + given), None), place))
    return found


def noting(tree: ast.Module) -> ast.Module:
    """A copy with `NOTE` in place of each checker; it is given the name as well."""
    return ast.fix_missing_locations(_Noting().visit(copy.deepcopy(tree)))


class _Noting(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if name := _exercise_of(node):
            node.func = ast.Name(NOTE, ast.Load())
            node.args.insert(0, ast.Constant(name))
        return node


def _exercise_of(call: ast.AST) -> str:
    """The exercise that a call checks; empty if it is no such call."""
    match call:
        case ast.Call(
            func=ast.Attribute(
                attr="check", value=ast.Subscript(slice=ast.Constant(value=str(name)))
            )
        ) if name in catalog():
            return name
    return ""
