"""Code cells as syntax: what they bind, need and check. Nothing is run."""

import ast
import builtins
import re
import warnings
from collections.abc import Sequence
from functools import cached_property

from rlnotes.exercises import catalog
from rlnotes.scripts.grade_book import Book
from rlnotes.scripts.grade_checks import NOTE, Check, checks_in, noting
from rlnotes.scripts.grade_folder import RawCell
from rlnotes.scripts.grade_names import altered, names_of

_OF_THE_SHELL = re.compile(r"^(\s*)([%!?].*|.*\?)$", re.MULTILINE)  # magics, commands, help
_CHECK = re.compile(r"\[\s*[\"'](\w+)[\"']\s*\]\s*\.check\(")
GIVEN = {*dir(builtins), "display", "__name__", NOTE}


class Cell:
    """One code cell.

    Args:
        source: the text of the cell.
        asks: whether its calls of checkers count; those of the book's own cells do not.
    """

    def __init__(self, source: str, asks: bool = True):
        self.source, self.asks, self.problem = source, asks, ""
        try:
            self.tree = _parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.tree = ast.Module([], [])
            line = f", line {error.lineno} of the cell" if isinstance(error, SyntaxError) else ""
            self.problem = f"{type(error).__name__}: {getattr(error, 'msg', error)}{line}"

    @cached_property
    def checks(self) -> list[Check]:
        """Calls of the checkers that count."""
        return checks_in(self.tree) if self.asks else []

    @property
    def checked_in_text(self) -> list[str]:
        """Names of exercises that a cell seems to check, if it is no Python."""
        return [name for name in _CHECK.findall(self.source) if name in catalog()]

    @cached_property
    def _noting(self) -> list[ast.stmt]:
        return noting(self.tree).body

    @cached_property
    def code(self) -> str:
        """The cell, with `NOTE` in place of the checkers."""
        return ast.unparse(ast.Module(self._noting, []))

    def code_until(self, check: Check) -> str:
        """`code` up to the statement with a check: what comes later does not count."""
        return ast.unparse(ast.Module(self._noting[: check.place + 1], []))

    @property
    def names(self) -> tuple[frozenset[str], frozenset[str]]:
        """Names that the code reads from outside, and names that it binds."""
        return names_of(self.code)

    @property
    def alters(self) -> frozenset[str]:
        """Names whose objects the code changes in place."""
        return altered(self.code)

    @property
    def only_imports(self) -> bool:
        """Whether there are imports in it and, but for a docstring, nothing else."""
        kinds = {type(s) for s in self.tree.body if not isinstance(s, ast.Pass)}
        return bool(kinds) and kinds <= {ast.Import, ast.ImportFrom}

    def has_imports(self) -> bool:
        """Whether there is an import at the top level."""
        return any(isinstance(s, ast.Import | ast.ImportFrom) for s in self.tree.body)

    def imports_all(self) -> bool:
        """Whether there is a `from ... import *` at the top level."""
        found = [s for s in self.tree.body if isinstance(s, ast.ImportFrom)]
        return any(alias.name == "*" for s in found for alias in s.names)

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


def code_cells(raw: Sequence[RawCell], book: Book) -> list[Cell]:
    """The code cells of a notebook, without the answers that the book itself gives."""
    code = [cell for cell in raw if cell.kind == "code" and not book.answers_with(cell)]
    return [Cell(cell.source, asks=not book.holds(cell)) for cell in code]


def _parse(source: str) -> ast.Module:
    """The cell as Python, without the commands of the shell if it is none with them."""
    with warnings.catch_warnings(action="ignore"):
        try:
            tree = ast.parse(source)
        except SyntaxError:
            tree = ast.parse(_OF_THE_SHELL.sub(r"\1pass", source))
        compile(tree, "<cell>", "exec")  # finds what parsing lets through
    return tree


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError")):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False
