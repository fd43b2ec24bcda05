"""Answers to many documents: memory bounded, order kept; groups drawn together."""

from dataclasses import replace

import numpy as np
import pytest

from rlnotes.data.invoices import sample_invoices
from rlnotes.training.invoices import evaluation
from rlnotes.training.invoices.evaluation import answer_all, paired_gain
from rlnotes.training.invoices.examples import make_example, new_policy


def long_document(document, times):
    """The pages of a document again and again."""
    count = len(document.page_sizes)
    return replace(
        document,
        segments=document.segments * times,
        boxes=np.tile(document.boxes, (times, 1)),
        pages=np.concatenate([document.pages + count * time for time in range(times)]),
        page_sizes=np.tile(document.page_sizes, (times, 1)),
        target=None,
    )


@pytest.fixture(scope="module")
def examples():
    documents = sample_invoices(20, seed=3, layouts=["receipt_till"])
    return [make_example(document) for document in documents]


@pytest.mark.parametrize("most_pairs", [1, 5_000, 2_000_000])
def test_answers_are_those_of_each_document_alone_whatever_the_batches(
    examples, monkeypatch, most_pairs
):
    policy = new_policy(1)
    alone = [answer_all(policy, [example])[0] for example in examples]
    monkeypatch.setattr(evaluation, "_MOST_PAIRS", most_pairs)
    together = answer_all(policy, examples)
    assert len({len(example.features) for example in examples}) > 5
    for one, other in zip(alone, together, strict=True):
        assert one.answer == other.answer
        assert one.confidences == pytest.approx(other.confidences, rel=1e-3)


def test_long_documents_come_in_few_or_alone(examples, monkeypatch):
    sizes = []
    draw = evaluation.draw_pages

    def watched(part, generator):
        sizes.append((len(part), max(len(example.features) for example in part)))
        return draw(part, generator)

    monkeypatch.setattr(evaluation, "draw_pages", watched)
    monkeypatch.setattr(evaluation, "_MOST_PAIRS", 3 * 60**2)
    answer_all(new_policy(1), examples)
    assert sum(count for count, _ in sizes) == len(examples)
    assert any(count > 1 for count, _ in sizes)
    assert all(count == 1 or count * longest**2 <= 3 * 60**2 for count, longest in sizes)
    sizes.clear()
    monkeypatch.setattr(evaluation, "_MOST_PAIRS", 10**9)
    answer_all(new_policy(1), examples)
    assert [count for count, _ in sizes] == [16, 4]


def test_a_document_of_many_pages_is_answered(examples):
    long = make_example(long_document(examples[0].document, 15))
    assert len(long.features) > 400
    (given,) = answer_all(new_policy(1), [long])
    assert np.isfinite(given.confidences).all()


BEFORE, AFTER = np.array([0, 0, 1, 1, 0]), np.array([1, 1, 1, 0, 0])


def test_documents_of_a_group_are_drawn_together():
    # Sums of differences: 2 of two documents, -1 of three.
    gain = paired_gain(BEFORE, AFTER, groups=np.array([5, 5, 2, 2, 2]))
    assert gain.mean == pytest.approx(0.2)
    assert (gain.low, gain.high) == pytest.approx((-1 / 3, 1))


def test_the_interval_is_that_of_all_documents_of_the_groups_drawn():
    sizes = np.arange(1, 9)
    groups = np.repeat(np.arange(8), sizes)
    after = np.repeat([1.0, 1.0, 1.0, 1.0, 0.0, -1.0, 0.5, 0.0], sizes)
    gain = paired_gain(np.zeros(36), after, groups=groups, num_resamples=8000)
    generator = np.random.default_rng(11)
    means = []
    for _ in range(8000):
        drawn = generator.choice(8, size=8)
        means.append(np.concatenate([after[groups == group] for group in drawn]).mean())
    assert (gain.low, gain.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.03)


def test_groups_of_one_are_no_groups():
    alone = paired_gain(BEFORE, AFTER, groups=np.array([4, 3, 2, 1, 0]))
    none = paired_gain(BEFORE, AFTER)
    assert alone.mean == none.mean == pytest.approx(0.2)
    assert (alone.low, alone.high) == pytest.approx((none.low, none.high), abs=0.21)
    assert none.low < 0 < none.high


def test_all_in_one_group_leave_no_interval():
    gain = paired_gain(BEFORE, AFTER, groups=np.zeros(5))
    assert gain == pytest.approx((0.2, 0.2, 0.2))


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"groups must have shape \(5,\), got \(4,\)"):
        paired_gain(BEFORE, AFTER, groups=np.zeros(4))
