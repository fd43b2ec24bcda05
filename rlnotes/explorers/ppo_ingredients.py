"""The parts of PPO for a language model on switches, in the measure the runs climb."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.envs.token_tree import bigram_policy, completion_probs
from rlnotes.exact.language import expected_reward, gibbs_optimum
from rlnotes.explorers.base import Explorer
from rlnotes.functional.kl import kl_divergence
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import ESTIMATE, EXACT, REFERENCE, SHADE, label, new_figure
from rlnotes.training.adapted_bigram import completions
from rlnotes.training.ppo_parts import PARTS, Runs, recorded_runs
from rlnotes.training.token_ppo import Config

MINUS = "\N{MINUS SIGN}"
MEASURE = f"J {MINUS} {Config.beta} KL"
PANELS = {
    "penalized": (f"What the runs climb: {MEASURE}", "reward, exact"),
    "objective": ("J alone", "mean reward, exact"),
    "kl_to_ref": ("Drift: KL to the reference", "nats, exact"),
}
RANGES = {"penalized": (-0.5, 1.1), "objective": (0, 1.35), "kl_to_ref": (0, 6.2)}
TICKS = {
    "penalized": [-0.5, -0.25, 0, 0.25, 0.5],
    "objective": [0, 0.25, 0.5, 0.75, 1],
    "kl_to_ref": [0, 1, 2, 3, 4, 5],
}
KEYS = {
    "penalized": "squares: median of 30 seeds; grey: their range\n"
    "grey dashed: all parts on, same judge\n"
    f"black: exact optimum; below {MINUS}0.5: at the edge",
    "objective": "black: J of that optimum",
    "kl_to_ref": "black: KL of that optimum",
}


class PPOIngredients(Explorer):
    """Medians and ranges over recorded seeds; nothing is trained here."""

    title = "Five parts of PPO on switches, 30 recorded seeds for each setting"

    def make_controls(self):
        names = {
            "reuse": f"reuse a batch {Config.num_epochs} times",
            "ratio": "ratio",
            "clip": "clip",
            "reference": "KL price to the reference",
            "critic": "critic",
        }
        controls = {
            part: ipywidgets.Checkbox(value=True, description=name, indent=False)
            for part, name in names.items()
        }
        for name, words in (("reward_offset", "judge adds"), ("reward_noise", "judge's noise")):
            options, default = [0.0, getattr(Config, name)], getattr(Config, name)
            controls[name] = ipywidgets.Dropdown(options=options, value=default, description=words)
        controls["rollout"] = ipywidgets.IntSlider(value=20, min=0, max=20, description="batches")
        return controls

    def build(self):
        figure, axes = new_figure(3, size=(11.0, 4.2), width_ratios=[1.5, 1, 1])
        self.panels, self.best, artists = [], [], []
        for panel, (name, (heading, unit)) in zip(axes, PANELS.items(), strict=True):
            label(panel, heading=heading, x=f"batches of {Config.batch_size} completions", y=unit)
            panel.set(xlim=(0, 20.8), xticks=[0, 5, 10, 15, 20])
            panel.set(ylim=RANGES[name], yticks=TICKS[name])
            # The words stand above all that the curves reach.
            panel.text(0.03, 0.98, KEYS[name], transform=panel.transAxes, fontsize=9, va="top")
            band = panel.fill_between([0, 1], 0, 1, color=SHADE, zorder=10)
            self.best += panel.plot(
                [0, 21], [optimum()[name]] * 2, **{**EXACT, "linewidth": 1.6, "zorder": 10.5}
            )
            (before,) = panel.plot([], [], **{**REFERENCE, "zorder": 11})
            (median,) = panel.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 2})
            (here,) = panel.plot([], [], "o", mfc="white", mew=2, ms=10, zorder=13)
            artists += [band, before, median, here]
            self.panels.append((name, band, before, median, here))
        self.note = axes[0].text(
            0.03, 0.81, "", transform=axes[0].transAxes, fontsize=9, va="top", zorder=14
        )
        self.judge = axes[1].text(
            0.03, 0.915, "", transform=axes[1].transAxes, fontsize=9, va="top", zorder=14
        )
        return figure, [*artists, *self.best, self.note, self.judge]

    def update(self, reuse, ratio, clip, reference, critic, reward_offset, reward_noise, rollout):
        switches = (reuse, ratio, clip, reference, critic)
        off = tuple(part for part, on in zip(PARTS, switches, strict=True) if not on)
        judge = reward_offset, reward_noise
        runs, everything = summaries(off, judge), summaries((), judge)
        batches = np.arange(runs["penalized"].shape[1])
        for name, band, before, median, here in self.panels:
            low, middle, high = np.maximum(runs[name], RANGES[name][0])
            band.set_data(batches, low, high)
            before.set_data(batches, everything[name][1])
            median.set_data(batches, middle)
            here.set_data([rollout], [middle[rollout]])
        idle = idle_parts(reuse, ratio)
        self.note.set_text(idle)
        self.judge.set_text(f"judge: adds {reward_offset:g}, noise {reward_noise:g}")

        def said(name):
            low, middle, high = runs[name][:, rollout]
            return f"{number(middle, 3)} (from {number(low, 3)} to {number(high, 3)})"

        best, noise = optimum(), np.median(runs_of(off, judge).first_noise)
        return (
            f"After {rollout} batches, median (and range) of 30 seeds: {MEASURE} "
            f"{said('penalized')}, with all parts on "
            f"{number(everything['penalized'][1, rollout], 3)}{compared(off, judge, rollout)}; "
            f"true J {said('objective')}; KL to the reference {said('kl_to_ref')}; KL of the last "
            f"update {said('kl_of_update')}. Sigma of the first gradient over its length: median "
            f"{noise:.2f}. Exact optimum at this price, over all policies: {MEASURE} "
            f"{best['penalized']:.3f}, J {best['objective']:.3f}, KL to the reference "
            f"{best['kl_to_ref']:.3f}." + (f" Note: {idle}." if idle else "")
        )


def idle_parts(reuse: bool, ratio: bool) -> str:
    """Which switches do nothing in this setting, in words."""
    if not reuse:
        return "ratio and clip are idle: every batch is fresh"
    return "" if ratio else "clip is idle: there is no ratio to clip"


def compared(off: tuple[str, ...], judge: tuple[float, float], rollout: int) -> str:
    """In how many seeds the measure is below that of all parts with the same seed."""
    if not off or not rollout:
        return ""
    ours, theirs = (runs_of(parts, judge).penalized[:, rollout] for parts in (off, ()))
    return f" (below it with the same seed in {(ours < theirs).sum()} of {len(ours)})"


@lru_cache(maxsize=128)
def runs_of(off: tuple[str, ...], judge: tuple[float, float]) -> Runs:
    """The recorded runs, read once for each setting."""
    return recorded_runs(off, reward_offset=judge[0], reward_noise=judge[1])


@lru_cache(maxsize=128)
def summaries(off: tuple[str, ...], judge: tuple[float, float]) -> dict[str, np.ndarray]:
    """[3, batches + 1] lowest, median and highest of the seeds, by quantity."""
    runs = runs_of(off, judge)
    return {
        name: np.quantile(getattr(runs, name), [0, 0.5, 1], axis=0)
        for name in (*PANELS, "kl_of_update")
    }


@lru_cache(maxsize=1)
def optimum() -> dict[str, float]:
    """The measure, J and KL to the reference of the best policy at the price."""
    reference = torch.from_numpy(np.log(completion_probs(bigram_policy(temperature=1.0))))
    rewards = completions()[2].to(reference.dtype)
    best = gibbs_optimum(reference, rewards, beta=Config.beta)
    objective = expected_reward(best, rewards).item()
    kl = kl_divergence(best, reference).item()
    penalized = objective - Config.beta * kl
    return {"penalized": penalized, "objective": objective, "kl_to_ref": kl}
