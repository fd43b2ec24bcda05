"""Which method? Five yes/no questions, and a reason at the end of each path."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rlnotes._checks import require_option, shown
from rlnotes.review.links import Link, read_link


@dataclass(frozen=True)
class Question:
    """One question. `short` is what a menu shows."""

    name: str
    short: str
    text: str


@dataclass(frozen=True)
class Node:
    """A place of the tree that asks a question; `yes` and `no` name what follows."""

    name: str
    question: str
    yes: str
    no: str


@dataclass(frozen=True)
class Leaf:
    """A method, and what speaks for it, what it costs, and what shows that."""

    name: str
    title: str
    reason: str
    gives_up: str
    watch: str
    evidence: tuple[Link, ...]


@dataclass(frozen=True)
class Tree:
    """Questions, nodes and leaves by name; `root` is the node asked first."""

    questions: dict[str, Question]
    nodes: dict[str, Node]
    leaves: dict[str, Leaf]
    root: str


@dataclass(frozen=True, repr=False)
class Decision:
    """Where the answers lead.

    Attributes:
        leaf: the method and its reason.
        path: the names of the nodes that were asked, with the answer of each, in order.
        asked: the questions on the path, in order.
        ignored: the other questions: their answers change nothing here.
    """

    leaf: Leaf
    path: tuple[tuple[str, bool], ...]
    asked: tuple[str, ...]
    ignored: tuple[str, ...]

    def __repr__(self) -> str:
        path = ", ".join(
            f"{name}={answer}" for name, (_, answer) in zip(self.asked, self.path, strict=True)
        )
        return f"Decision({self.leaf.name!r} from {path})"

    def _repr_markdown_(self) -> str:
        questions = decision_tree().questions
        steps = [
            f"{questions[name].text} **{'Yes' if answer else 'No'}.**"
            for name, (_, answer) in zip(self.asked, self.path, strict=True)
        ]
        left = "; ".join(questions[name].short for name in self.ignored)
        links = ", ".join(link.markdown() for link in self.leaf.evidence)
        return "\n\n".join(
            [
                f"**{self.leaf.title}**",
                "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
                f"*Why:* {self.leaf.reason}",
                f"*Gives up:* {self.leaf.gives_up}",
                f"*Watch:* {self.leaf.watch}",
                f"*Shown in* {links}. *Does not matter here:* {left}.",
            ]
        )


@lru_cache(maxsize=1)
def decision_tree() -> Tree:
    """The tree of `decisions.toml`.

    Raises:
        ValueError: if a part of the file is missing, a link is wrong, or a node names a
            question or a place that does not exist.
    """
    text = resources.files("rlnotes.review").joinpath("decisions.toml").read_text("utf-8")
    return read_tree(tomllib.loads(text))


def read_tree(data: Mapping) -> Tree:
    """A tree from the tables of a data file: question, node (the root first), leaf."""
    questions = {row["name"]: Question(**row) for row in data["question"]}
    nodes = {row["name"]: Node(**row) for row in data["node"]}
    leaves = {row["name"]: _leaf(row) for row in data["leaf"]}
    for node in nodes.values():
        require_option(questions, question=node.question)
        require_option([*nodes, *leaves], yes=node.yes, no=node.no)
    return Tree(questions, nodes, leaves, root=data["node"][0]["name"])


def _leaf(row: Mapping) -> Leaf:
    where = f"leaf {row['name']}"
    links = tuple(read_link(entry, where=where) for entry in row["evidence"])
    return Leaf(**{**row, "evidence": links})


def decide(answers: Mapping[str, bool]) -> Decision:
    """The method that five answers lead to.

    A rule of thumb: it names a first thing to try and says why, and no more.

    Args:
        answers: True or False for each of may_sample, has_score, few_actions,
            has_pairs and has_memory.

    Returns:
        The leaf, the path to it, and the questions that do not matter on this path.

    Raises:
        ValueError: for an unknown question, a missing answer, or one that is neither
            True nor False.

    Example:
        >>> answers = {"may_sample": False, "has_score": True, "few_actions": False}
        >>> decide({**answers, "has_pairs": True, "has_memory": True}).leaf.name
        'DPO'
    """
    tree = decision_tree()
    _check(answers, tree)
    path, place = [], tree.root
    while place in tree.nodes:
        node = tree.nodes[place]
        answer = answers[node.question]
        path.append((place, answer))
        place = node.yes if answer else node.no
    asked = tuple(tree.nodes[name].question for name, _ in path)
    ignored = tuple(name for name in tree.questions if name not in asked)
    return Decision(tree.leaves[place], tuple(path), asked, ignored)


def _check(answers: Mapping[str, bool], tree: Tree) -> None:
    if not isinstance(answers, Mapping):
        raise ValueError(f"answers must be a mapping, got {shown(answers)}")
    for name in answers:
        require_option(tree.questions, question=name)
    for name in tree.questions:
        if name not in answers:
            raise ValueError(f"answers must have {name}, got {shown(dict(answers))}")
        if not isinstance(answers[name], bool):
            raise ValueError(f"{name} must be True or False, got {shown(answers[name])}")
