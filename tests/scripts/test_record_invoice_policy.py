"""The recipe of the stored policy, with few documents and steps."""

from dataclasses import replace
from multiprocessing.pool import ThreadPool

import numpy as np
import torch

from rlnotes.data.invoices import LAYOUTS
from rlnotes.scripts import record, record_invoice_policy
from rlnotes.scripts.record_invoice_policy import Config, invented, settings, train, weights
from rlnotes.training.invoices import on_policy, sft
from rlnotes.training.invoices.examples import new_policy
from rlnotes.training.invoices.stored_policy import NAME

SHORT = Config(
    num_documents=4,
    labels=sft.Config(num_steps=1, batch_size=2),
    reward=on_policy.Config(num_updates=1, num_documents=2, num_answers=2),
)


def test_the_documents_are_of_all_layouts_and_half_of_them_misread(monkeypatch):
    noises = []
    draw = record_invoice_policy.sample_examples

    def watched(count, **options):
        noises.append((count, options["noise"]))
        return draw(count, **options)

    monkeypatch.setattr(record_invoice_policy, "sample_examples", watched)
    drawn = invented(replace(SHORT, num_documents=80, most_segments=90))
    assert noises == [(40, 0.0), (40, SHORT.noise)]
    assert {example.document.layout for example in drawn} == set(LAYOUTS)
    assert max(len(example.features) for example in drawn) <= 90
    assert drawn[0].document.segments != drawn[40].document.segments


def test_labels_come_first_and_then_the_reward():
    vector = train(SHORT)
    assert vector.dtype == np.float32
    start = torch.nn.utils.parameters_to_vector(new_policy(0).parameters())
    assert vector.shape == start.shape
    more = train(replace(SHORT, reward=replace(SHORT.reward, num_updates=2)))
    other = train(replace(SHORT, labels=replace(SHORT.labels, num_steps=2)))
    same = train(SHORT)
    assert np.array_equal(vector, same)
    for changed in (start.detach().numpy(), more, other):
        assert not np.array_equal(vector, changed)


def test_what_is_recorded_says_what_the_policy_was_trained_on(monkeypatch):
    monkeypatch.setattr(record_invoice_policy, "Config", lambda: SHORT)
    with ThreadPool(1) as pool:
        recorded = weights(pool)
    assert recorded.keys() == {"weights", "settings"}
    assert np.array_equal(recorded["weights"], train(SHORT))
    text = recorded["settings"]
    assert text == settings(SHORT)
    assert text.startswith("trained on 4 invented documents")
    assert "1 steps on labels, then 1 updates of GRPO" in text
    assert all(layout in text for layout in LAYOUTS)
    assert text.endswith("no real document")


def test_the_recorder_knows_the_recipe():
    assert record.recipes()[NAME] is weights
