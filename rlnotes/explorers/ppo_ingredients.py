"""The parts of PPO for a language model on switches, and the symptom each one cures."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import ESTIMATE, REFERENCE, SHADE, label, new_figure
from rlnotes.training.recordings import load

PARTS = ("reuse", "ratio", "clip", "reference", "critic")
PANELS = {
    "objective": ("True J", "mean reward, exact"),
    "kl_of_update": ("KL of each update", "nats per completion"),
    "kl_to_ref": ("Drift from the reference", "nats per completion"),
}
TOPS = {"objective": 1.05, "kl_of_update": 4.0, "kl_to_ref": 4.5}


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
        figure, axes = new_figure(3, size=(11.0, 3.9))
        default = recording()[True, True, True, True, True]
        self.panels, artists = [], []
        for panel, (name, (heading, unit)) in zip(axes, PANELS.items(), strict=True):
            label(panel, heading=heading, x="batches of 32 completions", y=unit)
            panel.set(xlim=(0, 20.8), ylim=(0, TOPS[name]), xticks=[0, 5, 10, 15, 20])
            band = panel.fill_between([0, 1], 0, 1, color=SHADE, zorder=10)
            steps, medians = _column(default, "rollout"), _column(default, f"{name}_median")
            artists += [band, *panel.plot(steps, medians, **{**REFERENCE, "zorder": 11})]
            (median,) = panel.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 2})
            (here,) = panel.plot([], [], "o", mfc="white", mew=2, ms=10, zorder=13)
            artists += [median, here]
            self.panels.append((name, band, median, here))
        self.note = axes[0].text(
            *(0.03, 0.03, ""), transform=axes[0].transAxes, fontsize=9, zorder=14
        )
        return figure, [*artists, self.note]

    def update(self, reuse, ratio, clip, reference, critic, rollout):
        idle = []
        if not reuse:
            idle.append("ratio and clip are idle: every batch is fresh")
        elif not ratio:
            idle.append("clip is idle: there is no ratio to clip")
        rows = recording()[effective(reuse, ratio, clip, reference, critic)]
        steps = _column(rows, "rollout")
        for name, band, median, here in self.panels:
            low, middle, high = (_column(rows, f"{name}_{p}") for p in ("low", "median", "high"))
            band.set_data(steps, low, np.minimum(high, TOPS[name]))
            median.set_data(steps, middle)
            here.set_data([rollout], [middle[rollout]])
        self.note.set_text("\n".join(idle))
        now = rows[rollout]

        def said(name):
            return (
                f"{now[f'{name}_median']:.3f} (from {max(now[f'{name}_low'], 0):.3f} to "
                f"{now[f'{name}_high']:.3f})"
            )

        noise = rows[0]["gradient_noise_median"]
        return (
            f"After {rollout} batches, median (and range) of ten seeds: true J "
            f"{said('objective')}; KL of the last update {said('kl_of_update')}; KL to the "
            f"reference {said('kl_to_ref')}. Sigma of the first gradient over its length: median "
            f"{noise:.2f}. Grey dashed: all parts on." + "".join(f" Note: {n}." for n in idle)
        )


def effective(reuse: bool, ratio: bool, clip: bool, reference: bool, critic: bool) -> tuple:
    """The key of a setting in `recording`, where idle parts count as on."""
    clip = clip or not ratio or not reuse
    return reuse, ratio or not reuse, clip, reference, critic


@lru_cache(maxsize=1)
def recording() -> dict[tuple, list[dict]]:
    """Rows from rollout 0 on, by the five switches."""
    settings: dict[tuple, list[dict]] = {}
    for row in load("ppo_ingredients"):
        settings.setdefault(tuple(row[part] == "True" for part in PARTS), []).append(row)
    return settings


def _column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])
