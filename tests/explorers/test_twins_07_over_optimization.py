"""The explorer of over-optimization: its twin and artists, reply by reply."""

from functools import lru_cache
from itertools import product

import numpy as np
import pytest
import torch

from rlnotes.data.help_desk import PROMPTS, reply_tokens
from rlnotes.exact.frontier import best_of_n_log_probs, best_reward_at, reward_masses
from rlnotes.exact.language import gibbs_optimum
from rlnotes.explorers.over_optimization import (
    BETAS,
    FLIPS,
    MODELS,
    NS,
    PAIRS,
    OverOptimization,
    followed,
    gold_frontier,
    used_setting,
)
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.proxies import recorded_proxy, word_count_proxy
from rlnotes.training.replies import gold_table, reply_numbers
from tests.explorers.test_twins import found

SETTINGS = sorted(
    {used_setting(*choice) for choice in product(MODELS, PAIRS, FLIPS, range(4))},
)


@lru_cache
def built():
    return OverOptimization()


def at(**settings):
    return built().set(**{**built().defaults, **settings})


def measured(log_probs, table):
    """KL, mean score and gold of a policy over all replies, means over prompts."""
    probs, ref = log_probs.exp(), reference_log_probs()
    kl = torch.where(probs > 0, probs * (log_probs - ref), 0.0)
    parts = (kl, probs * table, probs * gold_table())
    return [part.sum(dim=-1).mean().item() for part in parts]


TABLES = {
    "word counts": lambda: word_count_proxy(600, flip_rate=0.1, seed=1).table,
    "transformer": lambda: recorded_proxy(300, flip_rate=0.2, seed=1).table,
    "ensemble, mean": lambda: recorded_proxy(300, flip_rate=0.2, ensemble="mean").table,
    "ensemble, min": lambda: recorded_proxy(300, flip_rate=0.2, ensemble="min").table,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("beta", "n"), [(3.0, 2), (0.1, 1024)])
def test_the_twin_is_that_of_all_replies(model, beta, n):
    explorer = at(
        reward_model=model, num_pairs=600, flip_rate=0.1, seed=1, beta=beta, num_candidates=n
    )
    table, start = TABLES[model](), measured(reference_log_probs(), gold_table())[2]
    kl, score, gold = measured(gibbs_optimum(reference_log_probs(), table, beta=beta), table)
    text = explorer.description
    assert found("KL # nats, proxy #", text) == pytest.approx([kl, score + start], abs=0.0051)
    assert found("start at gold's #., gold #;", text) == pytest.approx([start, gold], abs=0.0051)
    best = best_reward_at(reward_masses(reference_log_probs(), gold_table()), kl)
    assert found("most gold at this KL, exact, #", text) == pytest.approx([best], abs=0.0051)
    assert explorer.here.get_xdata() == pytest.approx([kl, kl], abs=1e-4)
    assert explorer.here.get_ydata() == pytest.approx([score + start, gold], abs=1e-4)
    # Both curves start at the reference, at one height.
    for line in (explorer.proxy, explorer.gold):
        assert line.get_xydata()[0] == pytest.approx([0, start], abs=1e-4)
    last = gibbs_optimum(reference_log_probs(), table, beta=0.01)
    end = measured(last, table)
    assert explorer.proxy.get_xydata()[-1] == pytest.approx([end[0], end[1] + start], abs=1e-4)
    assert explorer.gold.get_xydata()[-1] == pytest.approx([end[0], end[2]], abs=1e-4)
    peak = int(explorer.gold.get_ydata().argmax())
    shown = found("highest, #, at KL #, and # at beta 0.01, where the KL is #", text)
    expected = [*explorer.gold.get_xydata()[peak, ::-1], end[2], end[0]]
    assert shown == pytest.approx(expected, abs=0.0051)
    assert found("and the proxy #.", text) == pytest.approx([end[1] + start], abs=0.0051)
    golds = explorer.candidates.get_ydata()
    shown = found("most gold, #, at n = #", text)
    assert shown == pytest.approx([golds.max(), NS[golds.argmax()]], abs=0.0051)
    kl, score, gold = measured(best_of_n_log_probs(reference_log_probs(), table, n), table)
    shown = found("Best of [0-9]+: KL #, proxy #, gold #;", text)
    assert shown == pytest.approx([kl, score + start, gold], abs=0.0051)
    assert explorer.at_n.get_xdata() == pytest.approx([kl])
    assert explorer.at_n.get_ydata() == pytest.approx([gold])


@pytest.mark.parametrize("prompt", ["calm open", "angry refund"])
@pytest.mark.parametrize("beta", [2.0, 0.05])
def test_the_likeliest_replies_are_those_of_the_optimum(prompt, beta):
    explorer = at(prompt=prompt, beta=beta)
    number, table = PROMPTS.index(prompt), word_count_proxy(3_000, flip_rate=0.0, seed=0).table
    probs = gibbs_optimum(reference_log_probs(), table, beta=beta)[number].exp()
    shift = (reference_log_probs()[number].exp() * gold_table()[number]).sum().item()
    assert len(explorer.words.texts) == 5
    for row, text in enumerate(explorer.words.texts):
        words, _, prob = text.partition("   (")
        place = reply_numbers(reply_tokens(words))
        assert float(prob[:-1]) == pytest.approx(probs[place].item(), abs=5.1e-4)
        assert (probs > probs[place]).sum().item() == row
        gold = gold_table()[number, place].item()
        score = table[number, place].item() + shift
        assert explorer.reply_gold.get_xdata()[row] == pytest.approx(gold)
        assert explorer.reply_proxy.get_xdata()[row] == pytest.approx(score)
        assert explorer.gaps.get_segments()[row][:, 0] == pytest.approx([score, gold])


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.model != "word counts"])
def test_gold_never_exceeds_its_frontier(setting):
    _, path, best_of, _ = followed(*setting)
    for family in (path, best_of):
        best = np.interp(family.kls, *gold_frontier())
        assert (family.gold <= best + 1e-3).all()
    assert (np.diff(path.proxy) >= -1e-9).all()
    assert (np.diff(path.kls) >= -1e-9).all()


def test_nothing_leaves_the_axes():
    axes = built().gold.axes
    (_, most_kl), (low, high) = axes.get_xlim(), axes.get_ylim()
    for setting in SETTINGS:
        _, path, best_of, _ = followed(*setting)
        assert path.kls.max() < most_kl
        assert low + 0.5 < min(path.gold.min(), best_of.gold.min())
        assert path.proxy.max() + path.gold[0] < high - 0.5
    for seed, beta, prompt in product(range(4), (BETAS[0], BETAS[-1]), PROMPTS):
        explorer = at(num_pairs=200, seed=seed, beta=beta, prompt=prompt)
        drawn = explorer.reply_proxy.get_xdata()
        left, right = explorer.reply_proxy.axes.get_xlim()
        assert (left < drawn).all()
        assert (drawn < right).all()


@pytest.mark.parametrize("flip_rate", [0.0, 0.2])
@pytest.mark.parametrize("num_pairs", [100, 3_000, 30_000])
def test_word_counts_lose_all_gold_whatever_the_number_of_pairs(num_pairs, flip_rate):
    for seed in range(4):
        path = followed("word counts", num_pairs, flip_rate, seed)[1]
        assert path.gold.max() - path.gold[-1] > 6.5
        assert path.gold[-1] < -4
        # Not because they order pairs badly.
        if num_pairs == 30_000:
            assert followed("word counts", num_pairs, flip_rate, seed)[3] > 0.85


@pytest.mark.parametrize("flip_rate", [0.0, 0.2])
def test_more_pairs_raise_the_peak_of_transformers(flip_rate):
    peaks = {
        num: [followed("transformer", num, flip_rate, seed)[1].gold.max() for seed in range(4)]
        for num in (300, 3_000)
    }
    assert min(peaks[3_000]) > max(peaks[300])


@pytest.mark.parametrize("model", MODELS[1:])
def test_sliders_choose_the_nearest_recording_and_it_is_said(model):
    text = at(reward_model=model, num_pairs=600, flip_rate=0.0).description
    assert "Recorded: 300 pairs, 0% flipped" in text
    explorer = at(reward_model=model, num_pairs=1_000, flip_rate=0.1, seed=2)
    assert "Recorded: 3,000 pairs, 20% flipped" in explorer.description
    assert explorer.note.get_text() in explorer.description
    idle = "all four seeds (seed is idle)" in explorer.description
    assert idle == (model != "transformer")
    assert ("trained with seed 2" in explorer.description) != idle


def test_word_counts_need_no_recording():
    assert at().note.get_text() == ""
    assert "Recorded" not in built().description
