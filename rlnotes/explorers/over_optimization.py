"""An optimum for a reward model, and what it is worth in the gold reward."""

from functools import lru_cache
from typing import NamedTuple

import ipywidgets
import numpy as np
import torch

from rlnotes.data.help_desk import PROMPTS, reply_text
from rlnotes.exact.frontier import frontier, reward_masses
from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.over_optimization import Path, best_of_n_path, optimum_path
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import CURRENT, EXACT, FURTHER, GREEN, GREY, WRONG, label, new_figure
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.proxies import Proxy, recorded_proxy, recorded_scores, word_count_proxy
from rlnotes.training.replies import all_replies, gold_table

PAIRS = [30, 60, 100, 200, 300, 600, 1_000, 2_000, 3_000, 6_000, 10_000, 30_000]
FLIPS = [0.0, 0.1, 0.2, 0.3]
MODELS = ["word counts", "transformer", "ensemble, mean", "ensemble, min"]
BETAS = [10.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03]
BETAS += [0.02, 0.01]
NS = [2**k for k in range(15)]
GRID = torch.cat([torch.tensor([1e6]), torch.logspace(1, -2, 40)]).double()
TOP_REPLIES, MOST_KL = 5, 21.0
LOW, HIGH, MOST_SCORE = -9.5, 14.5, 20.0  # of means over prompts; of one reply
TICKS = [-8, -4, 0, 4, 8, 12]


class OverOptimization(Explorer):
    """Left: reward against KL. Right: what the proxy's optimum writes to one prompt.

    For word counts the seed draws other pairs. The recorded transformers of a setting
    share their pairs; the seed is that of the training.
    """

    title = "Over-optimization: a proxy is raised, the gold reward falls"

    def make_controls(self):
        choose, slide = ipywidgets.Dropdown, ipywidgets.SelectionSlider
        return {
            "reward_model": choose(options=MODELS, description="reward model"),
            "num_pairs": slide(options=PAIRS, value=3_000, description="pairs"),
            "flip_rate": slide(options=FLIPS, value=0.0, description="flipped labels"),
            "beta": slide(options=BETAS, value=0.3, description="beta"),
            "num_candidates": slide(options=NS, value=64, description="best of n"),
            "seed": ipywidgets.IntSlider(value=0, min=0, max=3, description="seed"),
            "prompt": choose(options=list(PROMPTS), value="angry refund", description="prompt"),
        }

    def build(self):
        recorded_scores()  # read once, before the first of them is chosen
        figure, (left, right) = new_figure(2, size=(10.8, 4.4), width_ratios=[1.15, 1])
        label(
            left,
            heading="Proxy and gold along the optima for the proxy",
            x="KL to the reference, nats",
            y="reward",
        )
        left.set(xlim=(0, MOST_KL), ylim=(LOW, HIGH), xticks=[0, 5, 10, 15, 20], yticks=TICKS)
        kls, best = gold_frontier()
        left.plot([*kls, MOST_KL], [*best, best[-1]], **EXACT)
        keys = (
            "black: the most gold that any policy has",
            "vermilion dots: proxy; green triangles: gold",
            "circles: both at this beta",
            "orange: gold of the best of n, diamond: this n",
        )
        left.text(0.02, 0.02, "\n".join(keys), transform=left.transAxes, fontsize=8.5)
        label(
            right,
            heading="Likeliest replies of the optimum (probability)",
            x="reward (cross: proxy, triangle: gold)",
            y="",
        )
        rows = np.arange(TOP_REPLIES)
        right.set(
            xlim=(LOW, MOST_SCORE),
            ylim=(TOP_REPLIES - 0.4, -0.75),
            xticks=[*TICKS, 16],
            yticks=rows,
        )
        right.set_yticklabels([f"{row + 1}." for row in rows])
        (self.proxy,) = left.plot([], [], **{**WRONG, "zorder": 11})
        (self.gold,) = left.plot([], [], "^-", color=GREEN, ms=4, lw=1.2, markevery=3, zorder=12)
        (self.candidates,) = left.plot([], [], "--", color=FURTHER[0], lw=1.4, zorder=10)
        (self.at_n,) = left.plot(
            [], [], "D", color=FURTHER[0], ms=8, markeredgecolor="white", zorder=13
        )
        (self.here,) = left.plot([], [], **{**CURRENT, "linestyle": "", "zorder": 14})
        self.note = left.text(
            0.02, 0.97, "", va="top", fontsize=9, transform=left.transAxes, zorder=14
        )
        self.gaps = right.hlines(rows, 0, 0, color=GREY, linewidth=1.2, zorder=10)
        (self.reply_proxy,) = right.plot([], [], "x", color=WRONG["color"], mew=2, zorder=12)
        (self.reply_gold,) = right.plot([], [], "^", color=GREEN, ms=8, zorder=11)
        middle = (LOW + MOST_SCORE) / 2
        self.words = Labels(right, [(middle, row - 0.42) for row in rows], size=9, zorder=13)
        on_left = [self.candidates, self.proxy, self.gold, self.at_n, self.here, self.note]
        return figure, [*on_left, self.gaps, self.reply_gold, self.reply_proxy, self.words]

    def update(self, reward_model, num_pairs, flip_rate, beta, num_candidates, seed, prompt):
        chosen = used_setting(reward_model, num_pairs, flip_rate, seed)
        proxy, path, best_of, accuracy = followed(*chosen)
        start = path.gold[0]  # a score has no zero: the proxy is shifted to gold's
        now = _numbers(optimum_path(proxy.groups, proxy.scores, torch.tensor([beta]).double()))
        kl, score, gold = (float(values[0]) for values in now)
        at_n = NS.index(num_candidates)

        self.proxy.set_data(path.kls, path.proxy + start)
        self.gold.set_data(path.kls, path.gold)
        self.candidates.set_data(best_of.kls, best_of.gold)
        self.at_n.set_data(best_of.kls[at_n, None], best_of.gold[at_n, None])
        self.here.set_data([kl, kl], [score + start, gold])
        remark = said_setting(chosen)
        self.note.set_text(remark)
        top = likeliest(proxy, PROMPTS.index(prompt), beta)
        self.words.set_texts([f"{reply.words}   ({reply.prob:.3f})" for reply in top])
        scores, golds = ([getattr(reply, name) for reply in top] for name in ("score", "gold"))
        rows = np.arange(TOP_REPLIES)
        shown = np.clip(scores, LOW, MOST_SCORE)
        self.reply_proxy.set_data(shown, rows)
        self.reply_gold.set_data(golds, rows)
        self.gaps.set_segments(
            [((a, row), (b, row)) for a, b, row in zip(shown, golds, rows, strict=True)]
        )
        peak = int(path.gold.argmax())
        best = float(np.interp(kl, *gold_frontier()))
        first = top[0]
        return (
            f"Of pairs of the reference, the proxy orders {accuracy:.1%} as gold does. At beta "
            f"{beta:g}: KL {number(kl)} nats, proxy {number(score + start)} (shifted to start at "
            f"gold's {number(start)}), gold {number(gold)}; the most gold at this KL, exact, "
            f"{number(best)}. Gold of the optima is highest, {number(path.gold[peak])}, at KL "
            f"{number(path.kls[peak])}, and {number(path.gold[-1])} at beta 0.01, where the KL is "
            f"{number(path.kls[-1])} and the proxy {number(path.proxy[-1] + start)}. Best of "
            f"{num_candidates}: KL {number(best_of.kls[at_n])}, proxy "
            f"{number(best_of.proxy[at_n] + start)}, gold {number(best_of.gold[at_n])}; best of n "
            f"has most gold, {number(best_of.gold.max())}, at n = {NS[best_of.gold.argmax()]}. "
            f"Likeliest reply to {prompt!r}: {first.words!r}, probability {first.prob:.3f}, proxy "
            f"{number(first.score)}, gold {number(first.gold)}.{f' {remark}.' if remark else ''}"
        )


class Reply(NamedTuple):
    """One reply of an optimum."""

    words: str
    prob: float
    score: float  # of the proxy, shifted to gold's mean under the reference
    gold: float


class Setting(NamedTuple):
    """What a reward model is made from."""

    model: str
    num_pairs: int
    flip_rate: float
    seed: int


def used_setting(model: str, num_pairs: int, flip_rate: float, seed: int) -> Setting:
    """The setting of the sliders; for transformers, the nearest that is recorded."""
    if model == "word counts":
        return Setting(model, num_pairs, flip_rate, seed)
    seed = seed if model == "transformer" else 0
    return Setting(model, 300 if num_pairs < 1_000 else 3_000, 0.2 if flip_rate else 0.0, seed)


def said_setting(setting: Setting) -> str:
    """What a recording holds, in words; nothing for word counts."""
    model, num_pairs, flip_rate, seed = setting
    if model == "word counts":
        return ""
    which = (
        f"trained with seed {seed}" if model == "transformer" else "all four seeds (seed is idle)"
    )
    return f"Recorded: {num_pairs:,} pairs, {flip_rate:.0%} flipped, {which}"


@lru_cache(maxsize=64)
def followed(
    model: str, num_pairs: int, flip_rate: float, seed: int
) -> tuple[Proxy, Path, Path, float]:
    """A proxy, the paths of its optima and of its best of n as arrays, its accuracy."""
    if model == "word counts":
        proxy = word_count_proxy(num_pairs, flip_rate=flip_rate, seed=seed)
    else:
        rule = model.removeprefix("ensemble, ") if model != "transformer" else None
        proxy = recorded_proxy(num_pairs, flip_rate=flip_rate, seed=seed, ensemble=rule)
    path = optimum_path(proxy.groups, proxy.scores, GRID)
    best_of = best_of_n_path(proxy.groups, proxy.scores, torch.tensor(NS))
    return proxy, _numbers(path), _numbers(best_of), proxy.accuracy


@lru_cache(maxsize=1)
def gold_frontier() -> tuple[np.ndarray, np.ndarray]:
    """KL and gold reward of the best policies of all, densely."""
    masses = reward_masses(reference_log_probs(), gold_table())
    rewards, kls = frontier(masses, torch.logspace(3, -2.5, 400))
    return kls.numpy(), rewards.numpy()


def likeliest(proxy: Proxy, prompt: int, beta: float) -> list[Reply]:
    """The replies that the proxy's optimum writes most, with what they are worth."""
    log_probs, gold = reference_log_probs()[prompt], gold_table()[prompt]
    scores = proxy.scores[prompt][proxy.of_reply[prompt]]
    probs, places = gibbs_optimum(log_probs, scores, beta=beta).exp().topk(TOP_REPLIES)
    shift = (log_probs.exp() * gold).sum()
    rows = zip(places, probs.tolist(), (scores[places] + shift).tolist(), strict=True)
    return [
        Reply(reply_text(all_replies()[place]), prob, score, gold[place].item())
        for place, prob, score in rows
    ]


def _numbers(path: Path) -> Path:
    return Path(*(values.numpy() for values in path))
