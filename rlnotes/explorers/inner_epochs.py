"""One batch, used again and again: where its ratios go, and what becomes of J."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.token_tree import VOCABULARY
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    FURTHER,
    REFERENCE,
    SHADE,
    VERMILION,
    house_style,
    label,
    new_figure,
)
from rlnotes.training.adapted_bigram import CONTEXTS
from rlnotes.training.advantage_batches import BAND
from rlnotes.training.recordings import load
from rlnotes.training.token_ppo import Config

MAX_EPOCHS = 16
EPSILONS = {"0.1": 0.1, "0.2": 0.2, "0.4": 0.4, "no clip": 0.0}
RATES, NOISES = [0.01, 0.03], [0.0, 0.1]
LOW, HIGH = 0.1, 8.0  # of the ratios in the picture
POINTS = 52.0  # width of a factor e of the ratio in the picture
FLOOR, DRIFT = 1e-3, 12.0  # of the KL in the picture
BOTTOM, TOP = -0.45, 0.75  # of the gains in the picture
BETA = Config.beta  # the price at which the batch's advantages were made


class InnerEpochs(Explorer):
    """Left: every ratio of the batch. Middle: promise and truth. Right: KL, clips."""

    title = "Inner epochs on one recorded batch of 32 completions"

    def make_controls(self):
        return {
            "num_epochs": ipywidgets.IntSlider(
                value=8, min=0, max=MAX_EPOCHS, description="epochs"
            ),
            "clip_epsilon": ipywidgets.Dropdown(
                options=list(EPSILONS), value="0.2", description="clip_epsilon"
            ),
            "learning_rate": ipywidgets.Dropdown(
                options=RATES, value=0.03, description="learning rate"
            ),
            "logit_noise": ipywidgets.Dropdown(
                options=NOISES, value=0.0, description="noise of the engine's logits"
            ),
            "batch": ipywidgets.IntSlider(value=0, min=0, max=2, description="batch"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(11.0, 4.2), width_ratios=[1.25, 1, 1])
        label(
            left,
            heading="Ratios leave the band",
            x="ratio, new / old (up: A > 0)\nbeside it: the token",
            y="position:last token",
        )
        with house_style():
            left.set(xscale="log", xlim=(LOW * 0.85, HIGH * 1.2), ylim=(6.6, -1.1))
            left.set(xticks=[0.1, 0.2, 0.5, 1, 2, 5], yticks=range(len(CONTEXTS)))
            left.set(xticklabels=["0.1", "0.2", "0.5", "1", "2", "5"], yticklabels=CONTEXTS)
            left.minorticks_off()
        label(middle, heading="The truth, and what is promised", x="epochs", y="gain, reward")
        middle.set(xlim=(0, MAX_EPOCHS + 0.5), ylim=(BOTTOM - 0.05, 1.2))
        label(right, heading="How far it went", x="epochs", y="nats; share of the tokens")
        right.set(xlim=(0, MAX_EPOCHS + 0.5), yscale="log", ylim=(FLOOR * 0.8, DRIFT * 10))
        right.minorticks_off()
        right.set_yticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
        self.band = left.axvspan(0.8, 1.2, color=SHADE, zorder=10)
        self.good = left.scatter([], [], marker="^", color=BLUE, zorder=12)
        self.bad = left.scatter([], [], marker="v", color=VERMILION, zorder=12)
        words = {"fontsize": 9, "va": "top"}
        middle.text(
            0.3,
            1.17,
            f"black: exact J; purple: J \N{MINUS SIGN} {BETA} KL(new, ref)\nblue: surrogate, "
            "dashed: clipped",
            **words,
        )
        right.text(
            0.3,
            DRIFT * 8,
            "black: exact KL(old, new), nats\norange: share outside the band",
            **words,
        )
        self.outside = Labels(middle, [(0.3, 0.93)], size=9, shift=0, zorder=13)
        places = np.zeros((len(CONTEXTS) * len(VOCABULARY), 2))
        self.tokens = Labels(left, places, size=7.5, shift=0, zorder=13)
        self.beyond = Labels(left, [(0.2, -0.75), (4.5, -0.75)], size=9, zorder=13)
        (self.truth,) = middle.plot([], [], **{**EXACT, "zorder": 13})
        (self.promise,) = middle.plot([], [], color=BLUE, linewidth=2, zorder=12)
        (self.clipped,) = middle.plot([], [], **{**REFERENCE, "color": BLUE, "zorder": 12})
        (self.priced,) = middle.plot([], [], "D-", color=FURTHER[1], markersize=4, zorder=12)
        self.leaving = middle.scatter([], [], s=60, marker="^", color=BLUE, zorder=15)
        self.falling = middle.scatter([], [], s=60, marker="v", zorder=15)
        (self.now,) = middle.plot([], [], **{**CURRENT, "zorder": 14})
        (self.kl,) = right.plot([], [], **{**EXACT, "zorder": 12})
        (self.kl_now,) = right.plot([], [], **{**CURRENT, "zorder": 14})
        (self.share,) = right.plot([], [], "s-", color=FURTHER[0], markersize=4, zorder=11)
        return figure, [
            self.band,
            self.good,
            self.bad,
            self.tokens,
            self.beyond,
            self.outside,
            self.promise,
            self.clipped,
            self.truth,
            self.priced,
            self.leaving,
            self.falling,
            self.now,
            self.share,
            self.kl,
            self.kl_now,
        ]

    def update(self, num_epochs, clip_epsilon, learning_rate, logit_noise, batch):
        epsilon = EPSILONS[clip_epsilon]
        rows = recording()[batch, logit_noise, epsilon, learning_rate]
        counts, advantages = held()[batch, logit_noise]
        here = rows[num_epochs]
        ratios = np.array([here[f"ratio_{index}"] for index in range(len(counts))])
        epochs = np.arange(MAX_EPOCHS + 1)
        # The surrogate is a mean over tokens: three of them make a completion.
        truth, promise, clipped = (
            scale * np.array([row[name] - rows[0][name] for row in rows])
            for name, scale in (("objective", 1), ("surrogate", 3), ("clipped", 3))
        )
        priced = truth - BETA * np.array([row["kl_to_ref"] for row in rows])
        kl, share = (np.array([row[name] for row in rows]) for name in ("kl", "clip_fraction"))

        edge = epsilon or BAND
        self.band.set(x=1 - edge, width=2 * edge)
        contexts = np.arange(len(counts)) // len(VOCABULARY)
        # The three tokens of a context stand a little apart, also where ratios agree.
        heights = contexts + (np.arange(len(counts)) % len(VOCABULARY) - 1) / 4
        places = np.column_stack([np.clip(ratios, LOW, HIGH), heights])
        for marks, chosen in ((self.good, advantages > 0), (self.bad, advantages <= 0)):
            chosen = chosen & (counts > 0)
            marks.set_offsets(places[chosen])
            marks.set_sizes(20 + 9 * counts[chosen])
        # A token's name begins at the right edge of its triangle.
        radii = np.sqrt(20 + 9 * counts) / 2 + 1.5  # points
        self.tokens.positions = places * np.column_stack([np.exp(radii / POINTS), radii**0])
        names = VOCABULARY * len(CONTEXTS)
        self.tokens.set_texts([n if count else "" for n, count in zip(names, counts, strict=True)])
        self.truth.set_data(epochs, truth)
        for line, gains in (
            (self.promise, promise),
            (self.clipped, clipped),
            (self.priced, priced),
        ):
            line.set_data(epochs, within(gains))
        self.leaving.set_offsets(crossing(promise > TOP, TOP))
        falls = [crossing(gains < BOTTOM, BOTTOM) for gains in (clipped, priced)]
        self.falling.set_offsets(np.concatenate(falls))
        self.falling.set_color([BLUE] * len(falls[0]) + [FURTHER[1]] * len(falls[1]))
        goes_on = len(self.leaving.get_offsets()) + sum(len(fall) for fall in falls)
        self.outside.set_texts(["triangle: goes on outside" if goes_on else ""])
        self.now.set_data([num_epochs], [truth[num_epochs]])
        self.kl.set_data(epochs, np.where(kl < FLOOR, np.nan, kl))
        self.kl_now.set_data([num_epochs], [max(kl[num_epochs], FLOOR)])
        self.share.set_data(epochs, np.where(share < FLOOR, np.nan, share))
        low, high = here["min_ratio"], here["max_ratio"]
        beyond = f"off scale: {low:.2g}" if low < LOW else ""
        self.beyond.set_texts([beyond, f"off scale: {high:.2g}" if high > HIGH else ""])
        outside = "" if epsilon else f" (band of {BAND})"
        return (
            f"After {num_epochs} epochs J is {number(here['objective'], 3)}, at the start "
            f"{number(rows[0]['objective'], 3)}: gain {number(truth[num_epochs], 3)}. J less "
            f"{BETA} times the KL to the reference, {number(here['kl_to_ref'], 3)} nats, is "
            f"{number(priced[num_epochs] + rows[0]['objective'], 3)}, gain "
            f"{number(priced[num_epochs], 3)}, at its best "
            f"{number(priced.max() + rows[0]['objective'], 3)} after {priced.argmax()}. The "
            f"surrogate promised {number(promise[num_epochs], 3)}, clipped "
            f"{number(clipped[num_epochs], 3)}. Best J of the 16 epochs "
            f"{number(truth.max() + rows[0]['objective'], 3)}, after "
            f"{truth.argmax()}. Ratios from {number(low, 4)} to "
            f"{number(here['max_ratio'], 3)}; {number(share[num_epochs], 3)} of the tokens outside "
            f"the band{outside}. KL(old, new) {number(kl[num_epochs], 3)} nats per completion."
        )


def within(gains: np.ndarray) -> np.ndarray:
    """A curve up to where it leaves the frame, ending on the edge."""
    left = np.maximum.accumulate((gains > TOP) | (gains < BOTTOM))
    left[1:] = left[:-1].copy()  # the first point outside is drawn on the edge
    return np.where(left, np.nan, np.clip(gains, BOTTOM, TOP))


def crossing(outside: np.ndarray, edge: float) -> np.ndarray:
    """[0 or 1, 2] where a curve leaves the frame for the first time: epoch, height."""
    return np.array([[outside.argmax(), edge]] if outside.any() else np.zeros((0, 2)))


@lru_cache(maxsize=1)
def recording() -> dict[tuple, list[dict]]:
    """Rows from epoch 0 on, by batch, logit noise, clip_epsilon (0: none), rate."""
    settings: dict[tuple, list[dict]] = {}
    for row in load("inner_epochs"):
        key = row["batch"], row["logit_noise"], row["clip_epsilon"], row["learning_rate"]
        settings.setdefault(key, []).append(row)
    return settings


@lru_cache(maxsize=1)
def held() -> dict[tuple, tuple[np.ndarray, np.ndarray]]:
    """How often each token came in each context [21], and its mean advantage [21]."""
    batches: dict[tuple, list] = {}
    for row in load("inner_epochs_batch"):
        pair = row["count"], row["advantage"]
        batches.setdefault((row["batch"], row["logit_noise"]), []).append(pair)
    return {key: tuple(np.array(pairs).T) for key, pairs in batches.items()}
