"""The text twin and the picture of the decision helper, against the tree."""

import itertools

import numpy as np
import pytest

from rlnotes.explorers.decision_helper import (
    NUM_LINES,
    DecisionHelper,
    box,
    edge,
    reason_lines,
)
from rlnotes.review.decisions import decide, decision_tree

NAMES = tuple(decision_tree().questions)
SETTINGS = list(itertools.product(("yes", "no"), repeat=5))


def decided(setting):
    return decide({name: answer == "yes" for name, answer in zip(NAMES, setting, strict=True)})


@pytest.fixture(scope="module")
def explorer():
    return DecisionHelper()


@pytest.mark.parametrize("setting", SETTINGS, ids="-".join)
def test_twin_and_picture_name_leaf_path_and_reason(explorer, setting):
    explorer.set(**dict(zip(NAMES, setting, strict=True)))
    decision, text = decided(setting), explorer.description
    leaf = decision.leaf
    assert f"Leads to {leaf.name}. {leaf.title}. Why: {leaf.reason}" in text
    assert f"Gives up: {leaf.gives_up} Watch: {leaf.watch}" in text
    path = text.split("Path: ")[1].split(". Leads to")[0].split("; ")
    assert len(path) == len(decision.path)
    for said, name, (_, answer) in zip(path, decision.asked, decision.path, strict=True):
        assert said == f"{decision_tree().questions[name].short}: {'yes' if answer else 'no'}"
    assert (
        " ".join(explorer.words.texts).split()
        == " ".join(
            [leaf.title, leaf.reason, "Gives up:", leaf.gives_up, "Watch:", leaf.watch]
        ).split()
    )
    (drawn,) = explorer.leaf.get_paths()
    np.testing.assert_array_equal(drawn.vertices[:4], box(leaf.name))
    assert len(explorer.asked.get_paths()) == len(decision.path)
    assert explorer.matter.get_ydata() == [explorer.rows[name] for name in decision.asked]
    assert explorer.idle.get_ydata() == [explorer.rows[name] for name in decision.ignored]


def test_the_walked_branches_join_the_asked_boxes_and_end_at_the_leaf(explorer):
    explorer.set(**dict(zip(NAMES, ("yes", "no", "no", "yes", "no"), strict=True)))
    branches = [
        ("sampling", "score"),
        ("score", "pairs"),
        ("pairs", "judged critic"),
        ("judged critic", "RLOO"),
    ]
    drawn = {tuple(point) for point in np.transpose(explorer.walked.get_data())}
    for branch in branches:
        assert {tuple(point) for point in edge(*branch)[:3]} <= drawn
    x, _ = explorer.walked.get_data()
    assert np.isnan(x).sum() == len(branches)
    assert np.isnan(explorer.others.get_data()[0]).sum() == 18 - len(branches)


def test_boxes_do_not_overlap_and_branches_end_at_them():
    tree = decision_tree()
    boxes = {name: box(name) for name in [*tree.nodes, *tree.leaves]}
    for (_, one), (_, other) in itertools.combinations(boxes.items(), 2):
        apart = (one.min(axis=0) > other.max(axis=0)) | (one.max(axis=0) < other.min(axis=0))
        assert apart.any()
    for node in tree.nodes.values():
        for child in (node.yes, node.no):
            start, _, end, _ = edge(node.name, child)
            assert start[0] == boxes[node.name][:, 0].max()
            assert end[0] == boxes[child][:, 0].min()
            assert end[1] == pytest.approx(boxes[child][:, 1].mean())


def test_every_reason_fits_beneath_the_tree():
    assert max(len(reason_lines(decided(setting))) for setting in SETTINGS) <= NUM_LINES
