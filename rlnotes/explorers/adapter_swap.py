"""Adapters on one base: what each does on both tasks, and what is left of the base."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.data.help_desk import PROMPTS, reply_text
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.bars import Bars
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, FURTHER, GREEN, GREY, INK, label, new_figure
from rlnotes.training.adapter_runs import (
    KINDS,
    MEASURES,
    RANKS,
    SHOWN_SEEDS,
    Replies,
    curves,
    likeliest_replies,
)
from rlnotes.training.adapters import standing
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import all_replies

NONE, ALL_SEEDS, ALL_WEIGHTS = "none: the base", "all 20", "all weights"
RANK_OF = {str(rank) if rank else ALL_WEIGHTS: rank for rank in (*RANKS[1:], None)}
SEED_OF = {ALL_SEEDS: None, **{str(seed): seed for seed in SHOWN_SEEDS}}
SHOWN = 4  # replies in the right panel
REWARDS, DISTANCES = (-2.1, 5.8), (0, 45)
PLACES = ("task A\ncalm, gold", "task B\nangry, brief")
WAYS = ("KL\ncalm", "KL\nangry", "lost\ncalm", "lost\nangry")


class AdapterSwap(Explorer):
    """Recorded exact numbers; nothing is trained here."""

    title = "Adapters swapped on one base, help desk"

    def make_controls(self):
        def dropdown(options, value, words):
            return ipywidgets.Dropdown(options=list(options), value=value, description=words)

        return {
            "adapter": dropdown((NONE, *KINDS), "A then B", "adapter trained on"),
            "rank": dropdown(RANK_OF, "8", "rank"),
            "seed": dropdown(SEED_OF, ALL_SEEDS, "seed"),
            "prompt": dropdown(PROMPTS, "calm refund", "prompt"),
        }

    def build(self):
        figure, panels = new_figure(3, size=(11.0, 4.2), width_ratios=[0.8, 1.1, 1.2])
        rewards, distances, replies = panels
        label(rewards, heading="Both tasks", x="", y="expected reward, exact")
        rewards.set(xlim=(-0.6, 1.6), ylim=REWARDS, xticks=[0, 1], xticklabels=PLACES)
        rewards.axhline(0, color=INK, linewidth=0.8)
        label(distances, heading="What became of the base", x="", y="nats per reply, exact")
        distances.set(xlim=(-0.6, 3.6), ylim=DISTANCES, xticks=range(4), xticklabels=WAYS)
        self.bars, self.spans, self.numbers = [], [], []
        for panel, count, colour in ((rewards, 2, GREEN), (distances, 4, FURTHER[2])):
            bars = Bars(panel, np.arange(count), width=0.6, edgecolor=INK, zorder=10)
            bars.set_facecolor(colour)
            (span,) = panel.plot([], [], color=INK, linewidth=1.6, zorder=12)
            points = np.stack([np.arange(count), np.full(count, 1.4)], axis=1)
            self.bars.append(bars)
            self.spans.append(span)
            self.numbers.append(Labels(panel, points, size=10, zorder=13, weight="bold"))
        (self.own,) = rewards.plot([], [], "D", mfc="white", mec=INK, mew=1.6, ms=8, zorder=14)
        of_base = _segments(np.array(base_standing()[:2]), [-0.42, 0.58], [0.42, 1.42])[::-1]
        (base,) = rewards.plot(*of_base, color=GREY, linestyle="--", linewidth=2, zorder=11)
        small = {"fontsize": 9, "va": "top"}
        key = "grey dashed: base\ndiamond: the task's own\nadapter, same rank and seed"
        rewards.text(0.97, 0.99, key, transform=rewards.transAxes, ha="right", **small)
        key = (
            "KL(policy || base)\n\nlost: KL(base || policy),\nby how much its replies\n"
            "became less likely\n\nblack: range of 20 seeds"
        )
        distances.text(0.03, 0.99, key, transform=distances.transAxes, **small)
        on_right = self._build_replies(replies)
        beside = {"transform": distances.transAxes, "zorder": 14, **small}
        self.note = distances.text(0.03, 0.5, "", **beside)
        on_left = [*self.bars, base, *self.spans, *self.numbers, self.own, self.note]
        return figure, [*on_left, *on_right]

    def _build_replies(self, axes):
        label(axes, heading="Likeliest replies to the prompt", x="probability", y="")
        axes.set(xlim=(0, 1), ylim=(SHOWN + 0.1, -0.6), yticks=[])
        self.likely = axes.barh(range(SHOWN), [0] * SHOWN, height=0.56, color=BLUE, zorder=10)
        (self.marks,) = axes.plot([], [], "|", color=INK, ms=14, mew=2, zorder=12)
        self.names = [
            axes.text(0, row, "", va="center", fontsize=10, zorder=13) for row in range(SHOWN)
        ]
        key = "bars: the policy, mean of its seeds; black marks: base"
        axes.text(0.98, 0.01, key, transform=axes.transAxes, ha="right", fontsize=9)
        return [*self.likely, self.marks, *self.names]

    def update(self, adapter, rank, seed, prompt):
        trained = None if adapter == NONE else (RANK_OF[rank], adapter)
        shown = summary(trained, SEED_OF[seed])
        parts = slice(0, 2), slice(2, 6)
        for part, bars, span, texts in zip(parts, self.bars, self.spans, self.numbers, strict=True):
            low, mean, high = (row[part] for row in shown)
            bars.set_ends(np.minimum(mean, 0), np.maximum(mean, 0))
            span.set_data(*_segments(np.arange(len(mean)), low, high))
            texts.set_texts([number(value) for value in mean])
        low, mean, high = (row[:2] for row in shown)
        beyond = np.where(mean < 0, low - 0.44, high + 0.18)
        self.numbers[0].positions = np.stack([np.arange(2), beyond], axis=1)
        own = [summary((RANK_OF[rank], task), SEED_OF[seed])[1, i] for i, task in enumerate("AB")]
        self.own.set_data([-0.4, 0.6], own)
        note = note_on(trained, shown)
        self.note.set_text(note)
        said = self._show_replies(trained, SEED_OF[seed], PROMPTS.index(prompt))
        ending = f" Note: {' '.join(note.split())}." if note else ""
        return f"{spoken(trained, shown, own)} To {prompt!r} it says: {said}.{ending}"

    def _show_replies(self, trained, seed, prompt):
        replies = said_by(trained, seed)
        places, probs = replies.places[prompt], replies.probs[prompt].astype(float)
        of_base = reference_log_probs()[prompt, places.astype(int)].exp().tolist()
        texts = [reply_text(all_replies()[int(place)]) for place in places]
        for row, (prob, text) in enumerate(zip(probs, texts, strict=True)):
            inside = prob > 0.55
            self.likely[row].set_width(prob)
            self.names[row].set(text=text, color="white" if inside else INK)
            self.names[row].set_x((of_base[row] if inside else max(prob, of_base[row])) + 0.03)
        self.marks.set_data(of_base, range(SHOWN))
        return ", ".join(f"{text} {p:.3f}" for text, p in zip(texts, probs, strict=True))


def _segments(places, low, high):
    """One line for all spans, with gaps between them."""
    gaps = np.full(len(places), np.nan)
    return np.repeat(places, 3), np.stack([low, high, gaps], axis=1).ravel()


def note_on(trained: tuple | None, shown: np.ndarray) -> str:
    """What the picture cannot show, in short lines."""
    if trained is None:
        return "the base has no rank\nand no seed: they\nmove the diamonds"
    farthest = shown[2, 2:].max()
    if farthest <= DISTANCES[1]:
        return ""
    return f"the farthest seed is at\n{number(farthest, 1)}, beyond the picture"


def spoken(trained: tuple | None, shown: np.ndarray, own: list[float]) -> str:
    """The numbers of the two left panels as sentences."""
    low, mean, high = shown
    several, base = (low < high).any(), base_standing()
    name = "The base" if trained is None else f"Trained on {trained[1]}"
    ranges = [
        number(m, 3) + (f" (from {number(a, 3)} to {number(b, 3)})" if several else "")
        for a, m, b in zip(low, mean, high, strict=True)
    ]
    return (
        f"{name}: reward on task A {ranges[0]}, on task B {ranges[1]}; the base "
        f"{number(base[0], 3)} and {number(base[1], 3)}; the task's own adapter "
        f"{number(own[0], 3)} and {number(own[1], 3)}. KL to the base: calm {ranges[2]}, angry "
        f"{ranges[3]} nats. Lost of the base: calm {ranges[4]}, angry {ranges[5]} nats."
    )


@lru_cache(maxsize=1)
def base_standing() -> tuple[float, ...]:
    """Where the base stands itself."""
    return standing(reference_log_probs(), reference_log_probs())


@lru_cache(maxsize=128)
def summary(trained: tuple[int | None, str] | None, seed: int | None) -> np.ndarray:
    """[3, 6] lowest, mean and highest of the standings at the end, over the seeds.

    Args:
        trained: rank and kind; None is the base.
        seed: None takes all of them.
    """
    if trained is None:
        return np.array([base_standing()] * 3)
    last = np.stack([curves(*trained, measure)[:, -1] for measure in MEASURES], axis=1)
    chosen = last if seed is None else last[[seed]]
    return np.stack([chosen.min(axis=0), chosen.mean(axis=0), chosen.max(axis=0)])


@lru_cache(maxsize=1)
def replies_of_base() -> Replies:
    """The likeliest replies of the base to each prompt."""
    top = reference_log_probs().topk(SHOWN)
    return Replies(top.indices.numpy(), top.values.exp().numpy())


def said_by(trained: tuple[int | None, str] | None, seed: int | None) -> Replies:
    """The likeliest replies of the base, or of trained policies."""
    return replies_of_base() if trained is None else likeliest_replies(*trained, seed)
