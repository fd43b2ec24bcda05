"""Training on receipts whose labels name some fields only."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.invoices import sample_invoices
from rlnotes.training.invoices import receipts, sft
from rlnotes.training.invoices.batches import join_pages
from rlnotes.training.invoices.demonstrations import demonstrate, demonstration_loss
from rlnotes.training.invoices.examples import make_example, new_policy
from rlnotes.training.invoices.receipts import (
    LABELLED,
    RECEIPT_LAYOUTS,
    Config,
    demonstrate_fields,
    invented_receipts,
    read_receipts,
    train_receipt_policy,
)

STEP = sft.Config(num_steps=1, batch_size=2, vary=False)
SHORT = Config(num_invented=4, invented=STEP, real=STEP)


def below_the_name(count, seed):
    """Receipts whose label names what stands on the second line as the vendor."""
    drawn = sample_invoices(count, seed=seed, layouts=RECEIPT_LAYOUTS)
    short = [
        {key: d.target[key] for key in LABELLED} | {"vendor": d.segments[1].strip()} for d in drawn
    ]
    return [replace(d, target=target) for d, target in zip(drawn, short, strict=True)]


@pytest.fixture(scope="module")
def receipt():
    return make_example(sample_invoices(1, seed=5, layouts=RECEIPT_LAYOUTS)[0])


def test_of_the_other_fields_and_of_lines_nothing_is_demonstrated(receipt):
    whole, some = demonstrate(receipt), demonstrate_fields(receipt, LABELLED)
    assert whole.amounts  # so that there is something to leave out
    assert some.amounts == ()
    for number, name in enumerate(FIELDS):
        expected = whole.right[number] if name in LABELLED else np.zeros_like(whole.right[number])
        assert (some.right[number] == expected).all()


def test_the_loss_is_that_of_the_fields_asked_for(receipt):
    policy = new_policy(3)
    choices = policy(join_pages([receipt.features]))
    loss = demonstration_loss(choices, [demonstrate_fields(receipt, ["date", "total"])])
    right = demonstrate(receipt).right
    expected = -choices.line_format[0, 1].item()  # as agreed: all that a receipt has
    for name in ("date", "total"):
        number = FIELDS.index(name)
        probs = choices.pointers[0, number].exp().detach().numpy()
        expected -= np.log(probs[right[number]].sum())
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert not policy.line.weight.grad.any()
    others = [number for number, name in enumerate(FIELDS) if name not in ("date", "total")]
    assert not policy.pointer.weight.grad[others].any()
    assert policy.pointer.weight.grad[FIELDS.index("date")].any()


def test_invented_receipts_are_of_all_layouts_and_half_of_them_misread(monkeypatch):
    asked = []
    real = receipts.sample_examples

    def watched(count, **options):
        asked.append((count, options["noise"]))
        return real(count, **options)

    monkeypatch.setattr(receipts, "sample_examples", watched)
    drawn = invented_receipts(25, seed=1)
    assert asked == [(13, 0.0), (12, receipts.NOISE)]
    assert {example.document.layout for example in drawn} == set(RECEIPT_LAYOUTS)
    assert len(RECEIPT_LAYOUTS) == 4
    again, other = invented_receipts(25, seed=1), invented_receipts(25, seed=2)
    texts = [[each.document.segments for each in some] for some in (drawn, again, other)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert texts[0][0] not in texts[0][13:]  # the noisy ones are others, not copies
    assert len(invented_receipts(1, seed=1)) == 1


def test_a_run_depends_on_its_seed_only_and_keeps_the_policy_before(receipt):
    steps = []
    first = train_receipt_policy([receipt], SHORT, watch=lambda: steps.append(1))
    assert len(steps) == SHORT.num_steps == 2
    same = train_receipt_policy(
        [receipt], replace(SHORT, invented=replace(STEP, seed=8), real=replace(STEP, seed=9))
    )
    other = train_receipt_policy([receipt], replace(SHORT, seed=1))
    weights = [
        torch.nn.utils.parameters_to_vector(run.policy.parameters()) for run in (first, same, other)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    start = torch.nn.utils.parameters_to_vector(first.start.parameters())
    assert not torch.equal(start, weights[0])
    untrained = torch.nn.utils.parameters_to_vector(new_policy(0).parameters())
    assert not torch.equal(start, untrained)


def test_what_only_the_real_receipts_show_is_learned():
    config = Config(
        num_invented=60,
        invented=sft.Config(num_steps=80, learning_rate=3e-3, vary=False),
        real=sft.Config(num_steps=60, vary=False),
    )
    training = [make_example(document) for document in below_the_name(20, 1)]
    result = train_receipt_policy(training, config)
    test = below_the_name(30, 2)
    shares = []
    for policy in (result.start, result.policy):
        answers = read_receipts(policy, test)
        found = [a.get("vendor") == d.target["vendor"] for a, d in zip(answers, test, strict=True)]
        shares.append(np.mean(found))
    assert shares[0] < 0.4
    assert shares[1] > 0.7


def test_only_the_labelled_fields_are_read(receipt):
    (answer,) = read_receipts(new_policy(0), [receipt.document])
    assert answer.keys() <= set(LABELLED)
    assert read_receipts(new_policy(0), []) == []


def test_no_receipt_or_one_without_a_label_is_refused(receipt):
    with pytest.raises(ValueError, match="receipts must hold at least one receipt, got none"):
        train_receipt_policy([], SHORT)
    unlabelled = make_example(replace(receipt.document, target=None))
    with pytest.raises(ValueError, match="example must have a label, got none for"):
        train_receipt_policy([unlabelled], SHORT)


@pytest.mark.parametrize("change", [{"num_invented": 0}, {"num_invented": 2.5}, {"seed": -1}])
def test_bad_hyperparameters_are_refused(change):
    (name, value), *_ = change.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        Config(**change)
