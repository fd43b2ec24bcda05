"""What the normalizer of GRPO does to lengths: in one group, and over all replies.

Shao et al. (2024), arXiv:2402.03300, divide an answer's loss by its length; Yu et al.
(2025), arXiv:2503.14476 (DAPO), and Liu et al. (2025), arXiv:2503.20783, do not.
"""

from collections import defaultdict
from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.data.help_desk import PROMPTS
from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.explorers.base import Explorer
from rlnotes.functional.policy_gradients import NORMALIZERS, grpo_loss
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import GREEN, GREY, SIGNED, VERMILION, label, new_figure
from rlnotes.training.recordings import load

ESTIMATORS = ("group_mean", "sample_std_plus", "leave_one_out")
LENGTHS = (3, 12, 6, 2, 8, 4, 12)  # tokens of the answers; that of the last is a control
GROUP_SIZE, LONGEST = len(LENGTHS) + 1, 20
FULL_COLOUR = 0.5  # push on a token
COLUMNS = {"answer": -2.9, "push": 23.4, "loss": 28.6}  # words beside the cells
SIDES = {"right": (GREEN, "^", -0.17), "wrong": (VERMILION, "s", 0.17)}
KINDS = {
    "natural": ("Natural gradient: bias alone", "mean length, tokens / unit", (-0.085, 0.135)),
    "plain": ("Gradient of the transformer", "mean length, tokens / unit step", (-4.5, 11.5)),
}


class LengthBias(Explorer):
    """Left: the push on each token. Middle and right: where mean lengths go."""

    title = "What the normalizer does to lengths"

    def make_controls(self):
        def slider(value, low, high, words):
            return ipywidgets.IntSlider(value=value, min=low, max=high, description=words)

        def select(options, words):
            return ipywidgets.Dropdown(options=list(options), description=words)

        return {
            "normalizer": select(NORMALIZERS, "normalizer"),
            "advantage": select(ESTIMATORS, "advantage"),
            "num_right": slider(3, 1, GROUP_SIZE - 1, "right answers in the group"),
            "length": slider(18, 1, LONGEST, "length of the last, wrong answer"),
            "prompt": select(PROMPTS, "prompt (middle and right)"),
        }

    def build(self):
        figure, (left, *others) = new_figure(3, size=(10.8, 3.8), width_ratios=[1.7, 1, 1])
        label(left, heading="One group: the push on each token", x="token of the answer", y="")
        left.set(xlim=(-5.0, 31.5), ylim=(GROUP_SIZE - 0.3, -2.5), yticks=[])
        left.set_xticks([0.5, 4.5, 9.5, 14.5, 19.5], ["1", "5", "10", "15", "20"])
        left.grid(visible=False)
        left.spines["left"].set_visible(False)
        self.bars = left.barh(range(GROUP_SIZE), [0] * GROUP_SIZE, height=0.88, zorder=10)
        cuts = np.repeat(np.arange(1, LONGEST), 3).astype(float)
        heights = np.tile([-0.5, GROUP_SIZE - 0.5, np.nan], LONGEST - 1)
        self.cuts = left.plot(cuts, heights, color="white", linewidth=1.5, zorder=11)
        for words, x in COLUMNS.items():
            left.text(x, -1, words, ha="center", va="center", fontsize=9.5, weight="bold")
        places = [(x, row) for x in COLUMNS.values() for row in range(GROUP_SIZE)]
        self.numbers = Labels(left, [*places, (13, -2)], size=9, zorder=12)
        self.panels = {
            kind: SlopePanel(axes, *KINDS[kind]) for kind, axes in zip(KINDS, others, strict=True)
        }
        others[0].set_yticklabels(PROMPTS)
        drawn = [artist for panel in self.panels.values() for artist in panel.artists]
        return figure, [*self.bars, *self.cuts, self.numbers, *drawn]

    def update(self, normalizer, advantage, num_right, length, prompt):
        lengths = (*LENGTHS, length)
        given = group_advantages(advantage, num_right)
        pushes, losses = pushes_and_losses(advantage, num_right, lengths, normalizer)
        verdicts = ["right"] * num_right + ["wrong"] * (GROUP_SIZE - num_right)
        for bar, tokens, push in zip(self.bars, lengths, pushes, strict=True):
            bar.set_width(tokens)
            bar.set_facecolor(shade(push))
        columns = [[signed(value) for value in values] for values in (pushes, losses)]
        ends = f"advantage: right {signed(given[0])}, wrong {signed(given[-1])}"
        self.numbers.set_texts([*verdicts, *columns[0], *columns[1], ends])

        index, texts = PROMPTS.index(prompt), {}
        for kind, panel in self.panels.items():
            table = slopes()[kind, advantage, normalizer]
            panel.show(table, index)
            grow = [(table[:, side] > 1e-9).sum() for side in (0, 1)]
            texts[kind] = (
                f"right {number(table[index, 0], 4)}, wrong {number(table[index, 1], 4)} tokens "
                f"(grow on {grow[0]} and {grow[1]} of {len(PROMPTS)} prompts)"
            )
        rows = (
            f"{verdict} {tokens} tokens {number(push, 4)} and {number(loss, 4)}"
            for verdict, tokens, push, loss in zip(verdicts, lengths, pushes, losses, strict=True)
        )
        return (
            f"One group of {GROUP_SIZE}, {num_right} right: advantage {number(given[0], 4)} if "
            f"right, {number(given[-1], 4)} if wrong. Push on each token, and loss of the answer "
            f"at ratio 1: {'; '.join(rows)}. All replies to '{prompt}', groups of {GROUP_SIZE}: "
            f"mean lengths along the natural gradient change by {texts['natural']}; along a unit "
            f"step of the transformer's gradient by {texts['plain']}."
        )


class SlopePanel:
    """Change of the mean length of right and of wrong replies to every prompt."""

    def __init__(self, axes, heading: str, unit: str, limits: tuple[float, float]):
        label(axes, heading=heading, x=unit, y="")
        rows = np.arange(len(PROMPTS))
        axes.set(xlim=limits, ylim=(len(PROMPTS) - 0.4, -2.1), yticks=rows, yticklabels=[])
        axes.plot([0, 0], [-0.5, len(rows) - 0.4], color=GREY, linewidth=1.2)
        words = {"fontsize": 9, "va": "center"}
        axes.text(0, -0.85, "\N{LEFTWARDS ARROW} shorter ", ha="right", **words)
        axes.text(0, -0.85, " longer \N{RIGHTWARDS ARROW}", ha="left", **words)
        self.band = axes.axhspan(-0.4, 0.4, color=GREY, alpha=0.2, linewidth=0, zorder=10)
        self.dots, self.chosen = [], []
        for color, marker, shift in SIDES.values():
            look = {"color": color, "marker": marker, "linestyle": "", "zorder": 12}
            self.dots += axes.plot([0] * len(rows), rows + shift, markersize=5, **look)
            self.chosen += axes.plot([0], [0], markersize=10, markeredgecolor="white", **look)
        self.note = Labels(axes, [(sum(limits) / 2, -1.65)], size=9, zorder=13)
        self.artists = [self.band, *self.dots, *self.chosen, self.note]

    def show(self, table: np.ndarray, index: int) -> None:
        """Slopes [6, 2], right and wrong, with one prompt in front."""
        self.band.set_y(index - 0.4)
        shifts = [shift for _, _, shift in SIDES.values()]
        for k, (dots, chosen) in enumerate(zip(self.dots, self.chosen, strict=True)):
            dots.set_xdata(table[:, k])
            chosen.set_data([table[index, k]], [index + shifts[k]])
        right, wrong = (signed(value) for value in table[index])
        self.note.set_texts(
            [f"\N{BLACK UP-POINTING TRIANGLE} right {right}   \N{BLACK SQUARE} wrong {wrong}"]
        )


@lru_cache(maxsize=32)
def group_advantages(estimator: str, num_right: int) -> torch.Tensor:
    """[G] advantages of a group whose first answers are right."""
    rewards = (torch.arange(GROUP_SIZE) < num_right).double()
    return ADVANTAGES[estimator](rewards[None])[0]


@lru_cache(maxsize=2048)
def pushes_and_losses(
    estimator: str, num_right: int, lengths: tuple[int, ...], normalizer: str
) -> tuple[np.ndarray, np.ndarray]:
    """[G] push on each token, minus the slope of G times the loss, and [G] losses.

    At ratio 1 a token's loss is minus its push, so an answer's is minus their sum.
    """
    mask = torch.arange(LONGEST) < torch.tensor(lengths)[:, None]
    log_probs = torch.zeros(mask.shape, dtype=torch.float64, requires_grad=True)
    loss = grpo_loss(
        log_probs,
        log_probs.detach(),
        None,
        group_advantages(estimator, num_right),
        mask,
        clip_epsilon=0.2,
        normalizer=normalizer,
    )
    (slope,) = torch.autograd.grad(loss, log_probs)
    pushes = -GROUP_SIZE * slope.numpy()
    return pushes[:, 0], -pushes.sum(axis=1)


def shade(push: float) -> tuple[float, ...]:
    """Colour of a push: its root, so that weak ones still show."""
    strength = min(1.0, abs(push) / FULL_COLOUR) ** 0.5
    return SIGNED((1 + np.copysign(strength, push)) / 2)


@lru_cache(maxsize=1)
def slopes() -> dict[tuple[str, str, str], np.ndarray]:
    """[6, 2] slopes of right and wrong mean lengths, by kind, estimator, normalizer."""
    tables = defaultdict(lambda: np.zeros((len(PROMPTS), 2)))
    for row in load("length_slopes"):
        table = tables[row["kind"], row["estimator"], row["normalizer"]]
        table[PROMPTS.index(row["prompt"])] = row["right"], row["wrong"]
    return dict(tables)


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign; zero has none."""
    text = number(value, digits)
    return f"+{text}" if float(f"{value:.{digits}f}") > 0 else text
