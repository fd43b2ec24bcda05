"""The explorer of swapped adapters: its twin and artists against the recorded runs."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from rlnotes.data.brief_replies import brief_rewards
from rlnotes.data.help_desk import PROMPTS, reply_text, reply_tokens
from rlnotes.explorers.adapter_swap import NONE, RANK_OF, AdapterSwap
from rlnotes.functional.kl import kl_divergence
from rlnotes.training.adapter_runs import CHECKPOINTS, KINDS, RANKS, recording
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import all_replies, gold_table, reply_numbers
from tests.explorers.test_twins import found

RANGE = r" \(from # to #\)"
SAID = (
    "reward on task A #{}, on",
    "on task B #{}; the base",
    "KL to the base: calm #{}, angry",
    "KL to the base: .*, angry #{} nats. Lost",
    "Lost of the base: calm #{}, angry",
    "Lost of the base: .*, angry #{} nats. To",
)


@lru_cache
def built():
    return AdapterSwap()


def at(**settings):
    return built().set(**{**built().defaults, **settings})


def rewards_of_base():
    """Task A on the calm prompts, and task B on the angry ones, reply by reply."""
    probs = reference_log_probs().exp()
    brief = brief_rewards(torch.full((19_608,), 3), all_replies())
    briefs = [brief_rewards(torch.full((19_608,), n), all_replies()) for n in (4, 5)]
    on_b = sum((probs[3 + i] @ table.double()) for i, table in enumerate([brief, *briefs])) / 3
    return [(probs * gold_table()).sum(dim=1)[:3].mean().item(), on_b.item()]


@pytest.mark.parametrize("seed", ["all 20", "2"])
@pytest.mark.parametrize("rank", RANK_OF)
@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_those_of_the_last_checkpoint(kind, rank, seed):
    explorer = at(adapter=kind, rank=rank, seed=seed)
    place = RANKS.index(RANK_OF[rank]), KINDS.index(kind)
    last = recording()["standings"][place][:, CHECKPOINTS.index(60)].astype(float)
    last = last if seed == "all 20" else last[[2]]
    for pattern, numbers in zip(SAID, last.T, strict=True):
        said = found(pattern.format(RANGE if len(last) > 1 else ""), explorer.description)
        expected = [numbers.mean(), numbers.min(), numbers.max()][: len(said)]
        assert said == pytest.approx(expected, abs=6e-4)
    tops = np.concatenate([bars.tops + bars.lows for bars in explorer.bars])
    assert tops == pytest.approx(last.mean(axis=0))
    shown = [text.replace("\N{MINUS SIGN}", "-") for n in explorer.numbers for text in n.texts]
    assert [float(text) for text in shown] == pytest.approx(last.mean(axis=0), abs=6e-3)
    ends = np.concatenate([span.get_ydata().reshape(-1, 3)[:, :2] for span in explorer.spans])
    assert ends == pytest.approx(np.stack([last.min(axis=0), last.max(axis=0)], axis=1))


def test_the_base_has_its_own_rewards_no_distance_and_says_so():
    explorer = at(adapter=NONE)
    text = explorer.description
    own = rewards_of_base()
    assert found("The base: reward on task A #", text) == pytest.approx(own[:1], abs=6e-4)
    assert found(SAID[1].format(""), text) == pytest.approx(own[1:], abs=6e-4)
    for pattern in SAID[2:]:
        assert found(pattern.format(""), text) == [0]
    assert explorer.note.get_text().startswith("the base has no rank")
    assert text.endswith("Note: the base has no rank and no seed: they move the diamonds.")
    assert not at(adapter="A").note.get_text()
    assert kl_divergence(reference_log_probs(), reference_log_probs()).abs().max() < 1e-9


@pytest.mark.parametrize("settings", [{}, {"rank": "1"}, {"rank": "all weights", "seed": "4"}])
@pytest.mark.parametrize("adapter", [NONE, "A", "A then B"])
def test_base_and_own_adapters_stand_beside_every_setting(settings, adapter):
    explorer = at(adapter=adapter, **settings)
    assert found("the base # and #;", explorer.description) == pytest.approx(
        rewards_of_base(), abs=6e-4
    )
    rank = RANKS.index(RANK_OF[explorer.settings["rank"]])
    seeds = slice(None) if explorer.settings["seed"] == "all 20" else [4]
    ends = recording()["standings"][rank, :, :, -1][:, seeds].astype(float)
    own = [ends[0, :, 0].mean(), ends[1, :, 1].mean()]
    said = found("the task's own adapter # and #.", explorer.description)
    assert said == pytest.approx(own, abs=6e-4)
    assert explorer.own.get_ydata() == pytest.approx(own)


@pytest.mark.parametrize("prompt", ["calm refund", "angry price"])
@pytest.mark.parametrize(("adapter", "seed"), [("A", "all 20"), ("B", "3"), (NONE, "all 20")])
def test_the_replies_are_recorded_ones_and_the_marks_are_the_base(adapter, seed, prompt):
    explorer, row = at(adapter=adapter, seed=seed, prompt=prompt), PROMPTS.index(prompt)
    of_base = reference_log_probs()[row].exp()
    if adapter == NONE:
        places = of_base.argsort(descending=True)[:4].tolist()
        probs = of_base[places].tolist()
    else:
        place = RANKS.index(8), KINDS.index(adapter), 0 if seed == "all 20" else 1 + int(seed), row
        places = recording()["top_replies"][place].astype(int).tolist()
        probs = recording()["top_probs"][place].tolist()
    texts = [reply_text(all_replies()[index]) for index in places]
    assert [name.get_text() for name in explorer.names] == texts
    assert [bar.get_width() for bar in explorer.likely] == pytest.approx(probs)
    assert explorer.marks.get_xdata() == pytest.approx(of_base[places].tolist())
    listed = ", ".join(f"{text} {p:.3f}" for text, p in zip(texts, probs, strict=True))
    assert f"To '{prompt}' it says: {listed}." in explorer.description


def test_a_seed_beyond_the_picture_is_named():
    explorer = at(adapter="A then B", rank="1")
    most = recording()["standings"][RANKS.index(1), KINDS.index("A then B"), :, -1, 2:].max()
    top = explorer.spans[1].axes.get_ylim()[1]
    assert most > top
    said = found("Note: the farthest seed is at #, beyond the picture.", explorer.description)
    assert said == pytest.approx([most], abs=0.06)
    for rank in RANK_OF:
        for seed in ("all 20", "0", "1", "2", "3", "4"):
            explorer = at(adapter="A then B", rank=rank, seed=seed)
            drawn = np.nanmax(explorer.spans[1].get_ydata())
            assert ("beyond the picture" in explorer.description) == (drawn > top)


def test_the_story_of_the_default_state():
    """A then B knows B and says one word to the calm; adapter A still knows A."""
    a_then_b, swapped = at(), at(adapter="A")
    assert a_then_b is swapped
    on_a, on_b = (recording()["standings"][RANKS.index(8), k, :, -1].astype(float) for k in (0, 2))
    assert on_a[:, 0].mean() > on_b[:, 0].mean() + 1
    assert at().names[0].get_text() == "refund ."
    brief = reply_numbers(reply_tokens("refund"))
    assert at(adapter="A").names[0].get_text() != reply_text(all_replies()[brief])
