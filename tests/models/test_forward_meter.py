"""The meter of forward passes: counted by hand, and put away after use."""

import pytest
import torch

from rlnotes.models.forward_meter import ForwardMeter, Reading
from rlnotes.models.sampling import sample_replies
from rlnotes.models.tiny_lm import TinyLM, frozen


@pytest.fixture
def model() -> TinyLM:
    return TinyLM(torch.Generator().manual_seed(0))


def read(model: TinyLM, rows: int, words: int) -> None:
    model(torch.zeros(rows, 2).long(), torch.zeros(rows, words).long())


def test_rows_times_positions_with_and_without_gradient(model):
    with ForwardMeter(model=model) as meter:
        read(model, rows=3, words=4)  # 3 (2 + 4)
        with torch.no_grad():
            read(model, rows=5, words=1)  # 5 (2 + 1)
    assert meter.readings == {"model": Reading(passes=2, tokens=33, kept_tokens=18)}


def test_a_frozen_model_keeps_nothing(model):
    reference = frozen(model)
    with ForwardMeter(policy=model, reference=reference) as meter:
        read(reference, rows=2, words=0)
    assert meter.readings == {"policy": Reading(0, 0, 0), "reference": Reading(1, 4, 0)}


def test_sampling_reads_the_prompt_and_each_word_but_the_last(model):
    prompts = torch.zeros(7, 2).long()
    generator = torch.Generator().manual_seed(0)
    with ForwardMeter(model=model) as meter:
        sample_replies(model, prompts, generator=generator, length=5, min_words=5)
    assert meter.readings["model"] == Reading(passes=5, tokens=7 * (2 + 4), kept_tokens=0)


def test_one_trunk_of_two_models_counts_once(model):
    critic = model.with_head(1, torch.Generator().manual_seed(1))
    critic.trunk = model.trunk
    with ForwardMeter(policy=model, critic=critic) as meter:
        read(critic, rows=1, words=0)
    assert meter.readings == {"policy": Reading(1, 2, 2)}


def test_nothing_is_counted_outside_and_a_second_time_adds_up(model):
    meter = ForwardMeter(model=model)
    read(model, rows=1, words=0)
    for _ in range(2):
        with meter:
            read(model, rows=1, words=0)
    read(model, rows=1, words=0)
    assert meter.readings["model"].passes == 2
    assert not model.trunk._forward_hooks


def test_hooks_are_removed_after_an_error(model):
    with pytest.raises(ValueError, match="needed"), ForwardMeter(model=model):
        read(model, rows=1, words=99)
    assert not model.trunk._forward_hooks


def test_what_is_no_model_is_named():
    with pytest.raises(ValueError, match="policy must be a TinyLM, got Linear"):
        ForwardMeter(policy=torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match="at least one"):
        ForwardMeter()
