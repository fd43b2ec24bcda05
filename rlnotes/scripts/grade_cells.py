"""Code cells as syntax: what they bind, need and check. Nothing is run."""

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rlnotes.exercises import catalog
from rlnotes.scripts.grade_folder import RawCell

_OF_THE_SHELL = re.compile(r"^(\s*)([%!?].*|.*\?)$", re.MULTILINE)  # magics, commands, help
_CHECK = re.compile(r"\[\s*[\"'](\w+)[\"']\s*\]\s*\.check\(")
GIVEN = {*dir(builtins), "display", "__name__"}


@dataclass(frozen=True)
class Check:
    """A call of a checker: which exercise, and the expression that it is given."""

    exercise: str
    candidate: ast.expr | None
    statement: ast.stmt


class Cell:
    """One code cell.

    Args:
        source: the text of the cell.
        tagged: whether it has the tag `exercise`.
    """

    def __init__(self, source: str, tagged: bool):
        self.source, self.tagged, self.problem = source, tagged, ""
        try:
            self.tree = _parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.tree = ast.Module([], [])
            line = f", line {error.lineno} of the cell" if isinstance(error, SyntaxError) else ""
            self.problem = f"{type(error).__name__}: {getattr(error, 'msg', error)}{line}"

    @cached_property
    def checks(self) -> list[Check]:
        """Calls of the checkers: anywhere in a tagged cell, else at the top."""
        found = []
        for statement in self.tree.body:
            top = [statement.value] if isinstance(statement, ast.Expr) else []
            calls = ast.walk(statement) if self.tagged else top
            found += [check for call in calls if (check := _as_check(call, statement))]
        return found

    @property
    def checked_in_text(self) -> list[str]:
        """Names of exercises that a cell seems to check, if it is no Python."""
        return [name for name in _CHECK.findall(self.source) if name in catalog()]

    @cached_property
    def code(self) -> str:
        """The cell without the statements that check something."""
        left_out = {id(check.statement) for check in self.checks}
        kept = [statement for statement in self.tree.body if id(statement) not in left_out]
        return ast.unparse(ast.Module(kept, []))

    @cached_property
    def names(self) -> tuple[set[str], set[str]]:
        """Names that the code reads from outside, and names that it binds."""
        table = symtable.symtable(self.code, "cell", "exec")
        symbols = table.get_symbols()
        binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
        reads = {s.get_name() for s in symbols if s.is_referenced()}
        return (reads | _globals(table)) - binds, binds

    @property
    def only_imports(self) -> bool:
        """Whether there are imports in it and, but for a docstring, nothing else."""
        kinds = {type(s) for s in self.tree.body if not isinstance(s, ast.Pass)}
        return bool(kinds) and kinds <= {ast.Import, ast.ImportFrom}

    def has_imports(self) -> bool:
        """Whether there is an import at the top level."""
        return any(isinstance(s, ast.Import | ast.ImportFrom) for s in self.tree.body)

    def is_stub(self, candidate: ast.expr | None) -> bool:
        """Whether the candidate is a function of this cell that nobody has written."""
        own = [
            s
            for s in self.tree.body
            if isinstance(s, ast.FunctionDef)
            and isinstance(candidate, ast.Name)
            and s.name == candidate.id
        ]
        return bool(own) and all(map(_says_nothing, own[-1].body))


def code_cells(raw: Sequence[RawCell]) -> list[Cell]:
    """The code cells of a notebook, without the answers that the book itself gives."""
    cells = []
    for cell in raw:
        if cell.kind == "markdown" and re.match(r"## Answers\b", cell.source):
            break
        if cell.kind == "code" and "answer" not in cell.tags:
            cells.append(Cell(cell.source, "exercise" in cell.tags))
    return cells


def _parse(source: str) -> ast.Module:
    """The cell as Python, without the commands of the shell if it is none with them."""
    with warnings.catch_warnings(action="ignore"):
        try:
            tree = ast.parse(source)
        except SyntaxError:
            tree = ast.parse(_OF_THE_SHELL.sub(r"\1pass", source))
        compile(tree, "<cell>", "exec")  # finds what parsing lets through
    return tree


def _as_check(call: ast.AST, statement: ast.stmt) -> Check | None:
    match call:
        case ast.Call(
            func=ast.Attribute(
                attr="check", value=ast.Subscript(slice=ast.Constant(value=str(name)))
            )
        ) if name in catalog():
            given = [*call.args, *(k.value for k in call.keywords if k.arg == "candidate")]
            return Check(name, given[0] if given else None, statement)
    return None


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Names that functions and classes of a cell read from outside of themselves."""
    names = set()
    for child in table.get_children():
        symbols = child.get_symbols()
        names |= {s.get_name() for s in symbols if s.is_global() and s.is_referenced()}
        names |= _globals(child)
    return names


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError")):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"), args=[])):
            return True
    return False
