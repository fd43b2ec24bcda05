"""The parts of PPO for a language model on switches, and the symptom each one cures."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.envs.token_tree import bigram_policy, completion_probs
from rlnotes.exact.language import expected_reward, gibbs_optimum
from rlnotes.explorers.base import Explorer
from rlnotes.functional.kl import kl_divergence
from rlnotes.plotting.style import ESTIMATE, EXACT, REFERENCE, SHADE, label, new_figure
from rlnotes.training.adapted_bigram import completions
from rlnotes.training.recordings import load
from rlnotes.training.token_ppo import Config, effective_parts

PARTS = ("reuse", "ratio", "clip", "reference", "critic")
PANELS = {
    "objective": ("True J", "mean reward, exact"),
    "kl_of_update": ("KL of each update", "nats, log scale"),
    "kl_to_ref": ("Drift from the reference", "nats per completion"),
    "gradient_noise": ("Gradient noise", "sigma / length, log scale"),
}
RANGES = {
    "objective": (0, 1.3),
    "kl_of_update": (1e-4, 100),
    "kl_to_ref": (0, 5.4),
    "gradient_noise": (0.03, 100),
}
FIRST = {"kl_of_update": 1}  # nothing is updated before the first batch
TICKS = {"kl_of_update": [1e-4, 1e-3, 0.01, 0.1, 1, 10], "gradient_noise": [0.1, 0.3, 1, 3, 10]}
KEYS = {
    "objective": "squares: median of ten seeds\nband: their range",
    "kl_of_update": "grey dashed: all parts on\n(the least shown is 0.0001)",
    "kl_to_ref": "black: optimum at this price,\nexact (also in True J)",
    "gradient_noise": "sigma of the batch's gradient\nover its length",
}


class PPOIngredients(Explorer):
    """Medians and ranges over ten recorded seeds; nothing is trained here."""

    title = "Five parts of PPO on switches, ten recorded seeds for each setting"

    def make_controls(self):
        names = {
            "reuse": "reuse a batch 8 times",
            "ratio": "ratio",
            "clip": "clip",
            "reference": "KL price to the reference",
            "critic": "critic",
        }
        controls = {
            part: ipywidgets.Checkbox(value=True, description=name, indent=False)
            for part, name in names.items()
        }
        controls["rollout"] = ipywidgets.IntSlider(value=20, min=0, max=20, description="rollouts")
        return controls

    def build(self):
        figure, axes = new_figure(4, size=(13.0, 3.9))
        default = recording()[True, True, True, True, True]
        self.panels, self.best, artists = [], [], []
        for panel, (name, (heading, unit)) in zip(axes, PANELS.items(), strict=True):
            label(panel, heading=heading, x="batches of 32 completions", y=unit)
            panel.set(xlim=(0, 20.8), xticks=[0, 5, 10, 15, 20])
            if name in TICKS:
                panel.set(yscale="log")
                panel.minorticks_off()
                panel.set_yticks(TICKS[name], [f"{tick:g}" for tick in TICKS[name]])
            panel.set(ylim=RANGES[name])
            panel.text(0.03, 0.98, KEYS[name], transform=panel.transAxes, fontsize=8.5, va="top")
            band = panel.fill_between([0, 1], 0, 1, color=SHADE, zorder=10)
            steps, medians = _column(default, "rollout"), _column(default, f"{name}_median")
            first = FIRST.get(name, 0)
            artists += [
                band,
                *panel.plot(steps[first:], medians[first:], **{**REFERENCE, "zorder": 11}),
            ]
            (median,) = panel.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 2})
            (here,) = panel.plot([], [], "o", mfc="white", mew=2, ms=10, zorder=13)
            artists += [median, here]
            if name in optimum():
                self.best += panel.plot([], [], **{**EXACT, "linewidth": 1.6, "zorder": 11})
            self.panels.append((name, band, median, here))
        self.note = axes[0].text(0.03, 0.03, "", transform=axes[0].transAxes, fontsize=9, zorder=14)
        return figure, [*artists, *self.best, self.note]

    def update(self, reuse, ratio, clip, reference, critic, rollout):
        idle = []
        if not reuse:
            idle.append("ratio and clip are idle: every batch is fresh")
        elif not ratio:
            idle.append("clip is idle: there is no ratio to clip")
        choice = dict(zip(PARTS, (reuse, ratio, clip, reference, critic), strict=True))
        rows = recording()[tuple(effective_parts(choice).values())]
        steps = _column(rows, "rollout")
        for name, band, median, here in self.panels:
            low, middle, high = (_column(rows, f"{name}_{p}") for p in ("low", "median", "high"))
            first, (bottom, top) = FIRST.get(name, 0), RANGES[name]
            band.set_data(steps[first:], *np.clip([low, high], bottom, top)[:, first:])
            median.set_data(steps[first:], np.maximum(middle, bottom)[first:])
            here.set_data([rollout], [max(middle[rollout], bottom)])
        for line, value in zip(self.best, optimum().values(), strict=True):
            line.set_data([0, 21], [value, value] if reference else [np.nan, np.nan])
        self.note.set_text("\n".join(idle).replace(": ", ":\n"))
        now = rows[rollout]

        def said(name):
            return (
                f"{now[f'{name}_median']:.3f} (from {max(now[f'{name}_low'], 0):.3f} to "
                f"{now[f'{name}_high']:.3f})"
            )

        noise = rows[0]["gradient_noise_median"]
        best = ""
        if reference:
            best = (
                f" Exact optimum at this price, over all policies: J {optimum()['objective']:.3f}, "
                f"KL to the reference {optimum()['kl_to_ref']:.3f}."
            )
        return (
            f"After {rollout} batches, median (and range) of ten seeds: true J "
            f"{said('objective')}; KL of the last update {said('kl_of_update')}; KL to the "
            f"reference {said('kl_to_ref')}. Sigma of the first gradient over its length: median "
            f"{noise:.2f}; now {now['gradient_noise_median']:.2f}.{best} Grey dashed: all parts "
            "on." + "".join(f" Note: {n}." for n in idle)
        )


@lru_cache(maxsize=1)
def optimum() -> dict[str, float]:
    """J and KL to the reference of the best policy at the price that is charged."""
    reference = torch.from_numpy(np.log(completion_probs(bigram_policy(temperature=1.0))))
    rewards = completions()[2].to(reference.dtype)
    best = gibbs_optimum(reference, rewards, beta=Config.beta)
    return {
        "objective": expected_reward(best, rewards).item(),
        "kl_to_ref": kl_divergence(best, reference).item(),
    }


@lru_cache(maxsize=1)
def recording() -> dict[tuple, list[dict]]:
    """Rows from rollout 0 on, by the five switches."""
    settings: dict[tuple, list[dict]] = {}
    for row in load("ppo_ingredients"):
        settings.setdefault(tuple(row[part] == "True" for part in PARTS), []).append(row)
    return settings


def _column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])
