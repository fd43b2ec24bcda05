"""What training holds on one device: models, precision, LoRA and ZeRO.

Rajbhandari et al. (2020), arXiv:1910.02054, for the stages; Hu et al. (2022),
arXiv:2106.09685, for LoRA; sizes and shapes as in `transformer_shapes`.
"""

from functools import lru_cache

import ipywidgets
import numpy as np
from matplotlib.patches import PathPatch

from rlnotes.exact.memory import GB, METHODS, MODELS, PRECISIONS, method_bytes, total_bytes
from rlnotes.exact.transformer_shapes import GPT3_SHAPES, block_shapes, low_rank_size
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.bars import rectangles
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.scales import Scale
from rlnotes.plotting.style import BLUE, CURRENT, FURTHER, INK, VERMILION, label, new_figure

CARD = 80  # GB
RANKS = [0, 4, 8, 16, 64, 256]
DEVICES = [1, 2, 4, 8, 16, 32, 64]
# The parts of a bar, from below: colour and hatch.
LOOKS = {"weights": (BLUE, ""), "gradients": (FURTHER[0], "////"), "optimizer": (FURTHER[2], "xx")}
WIDTH = 0.66  # of a bar
ABOVE = 0.3  # room for words, as a share of the top
SHORT = ["SFT", "DPO", "PPO-\nRLHF", "RLOO", "GRPO", "GRPO,\nverifier", "verifier,\nbeta 0"]


@lru_cache(maxsize=64)
def adapter_size(num_parameters: float, lora_rank: int) -> int:
    """Numbers of an adapter on all linear maps of the blocks; billions of weights."""
    if not lora_rank:
        return 0
    return low_rank_size(block_shapes(*GPT3_SHAPES[num_parameters]), rank=lora_rank)


def held_by_method(num_parameters: float, lora_rank: int, adapter_off: bool, **setting) -> dict:
    """Method -> model -> bytes on each device, for models of so many billions."""
    num_adapter = adapter_size(num_parameters, lora_rank)
    setting |= {"num_adapter": num_adapter, "adapter_off": adapter_off and num_adapter > 0}
    return {m: method_bytes(m, round(num_parameters * GB), **setting) for m in METHODS}


def idle_controls(method, lora_rank, adapter_off, zero_stage, num_devices) -> list[str]:
    """A sentence for each control that does nothing at this setting."""
    idle = []
    if adapter_off and not lora_rank:
        idle.append("adapter_off is idle: there is no adapter.")
    elif adapter_off and "reference" not in METHODS[method]:
        idle.append("adapter_off is idle: this method has no reference.")
    if not zero_stage:
        idle.append("num_devices is idle: stage 0 divides nothing.")
    elif num_devices == 1:
        idle.append("zero_stage is idle: one device.")
    return idle


class MemoryCalculator(Explorer):
    """Left: each model of the method. Right: all methods at the same setting."""

    title = "What training holds in memory"

    def make_controls(self):
        def choose(options, value, words):
            return ipywidgets.SelectionSlider(options=options, value=value, description=words)

        def pick(options, words):
            return ipywidgets.Dropdown(options=list(options), description=words)

        controls = {
            "method": pick(METHODS, "method"),
            "num_parameters": choose(list(GPT3_SHAPES), 6.7, "num_parameters (billions)"),
            "precision": pick(PRECISIONS, "precision"),
            "lora_rank": choose(RANKS, 0, "lora_rank (0: no LoRA)"),
            "adapter_off": ipywidgets.Checkbox(
                value=False, description="reference: the policy, adapter off"
            ),
            "zero_stage": ipywidgets.IntSlider(value=2, min=0, max=3, description="zero_stage"),
            "num_devices": choose(DEVICES, 16, "num_devices"),
        }
        controls["method"].value = "PPO-RLHF"
        return controls

    def build(self):
        figure, panels = new_figure(2, size=(10.4, 4.0), width_ratios=[1, 1.5])
        label(panels[0], heading="Models of the method", x="", y="GB on each device")
        label(panels[1], heading="All methods, same setting", x="", y="GB on each device")
        self.parts, self.scales, self.sums = [], [], []
        for axes, names in zip(panels, (MODELS, SHORT), strict=True):
            places = np.arange(len(names))
            axes.set(xlim=(-0.6, len(names) - 0.4))
            axes.grid(visible=False)
            axes.set_xticks(places, [name.replace("reward ", "reward\n") for name in names])
            axes.tick_params(axis="x", labelsize=9.5, length=0)
            axes.yaxis.labelpad = 34  # the numbers of the scale stand there
            self.scales.append(Scale(axes, above=ABOVE, zorder=20))
            self.parts.append(_stack(axes))
            positions = np.column_stack([places, places]).astype(float)
            self.sums.append(Labels(axes, positions, size=9.5, zorder=15))
        self.notes = Labels(panels[0], np.full((3, 2), -0.5), size=9, zorder=16, shift=0.0)
        (self.card,) = panels[1].plot([-0.6, 6.6], [0, 0], ":", color=VERMILION, zorder=14)
        (self.now,) = panels[1].plot([], [], **{**CURRENT, "linestyle": "", "zorder": 13})
        self.card_words = Labels(panels[1], [(-0.5, 0.0)], size=9, zorder=16, shift=0.0)
        figure.legend(
            [*self.parts[0], self.card, self.now],
            ["weights", "gradients", "optimizer states", f"{CARD} GB", "this method"],
            loc="outside lower center",
            fontsize=9.5,
            ncols=5,
        )
        bars = [bar for stack in self.parts for bar in stack]
        words = [*self.sums, *self.scales, self.notes, self.card_words]
        return figure, [*bars, self.card, self.now, *words]

    def update(self, method, num_parameters, precision, lora_rank, adapter_off, **zero):
        all_held = held_by_method(
            num_parameters, lora_rank, adapter_off, precision=precision, **zero
        )
        held = all_held[method]
        none = (0.0, 0.0, 0.0)
        models = np.array([held.get(name, none) for name in MODELS]) / GB  # [models, parts]
        methods = (
            np.array([np.sum(list(parts.values()), axis=0) for parts in all_held.values()]) / GB
        )
        totals = methods.sum(axis=1)
        place = list(METHODS).index(method)
        total = totals[place]

        self.scales[0].set_top(models.sum(axis=1).max())
        most = totals.max()
        self.scales[1].set_top(CARD if CARD / 4 <= most < CARD else most)
        for k, columns in enumerate((models, methods)):
            self._show(k, columns)
        self.sums[0].set_texts(
            [_sum(parts.sum(), name in held) for name, parts in zip(MODELS, models, strict=True)]
        )
        self.sums[1].set_texts([f"{t:.4g}" for t in totals])
        self.now.set_data([place], [total + 0.17 * self.scales[1].top])
        seen = self.scales[1].top >= CARD
        self.card.set_ydata([CARD if seen else np.nan] * 2)
        share = f"{number(100 * total / CARD, 1)} % of a card of {CARD} GB"
        self.card_words.positions[0, 1] = self.scales[1].height(0.95)
        self.card_words.set_texts([f"{method}: {total:.4g} GB, {share}"])

        idle = idle_controls(method, lora_rank, adapter_off, **zero)
        num_adapter = adapter_size(num_parameters, lora_rank)
        size = num_parameters * GB + num_adapter
        trained = num_adapter or size
        words = f"trained: {trained / 1e6:,.1f}M of {size / 1e6:,.1f}M"
        for row, share_up in enumerate((0.95, 0.88, 0.81)):
            self.notes.positions[row, 1] = self.scales[0].height(share_up)
        self.notes.set_texts([words, *idle, *[""] * (2 - len(idle))])

        plain = total_bytes(method_bytes(method, round(num_parameters * GB))) / GB
        listed = ", ".join(
            f"{name} {number(parts.sum(), 3)} ({_three(parts)})"
            for name, parts in zip(MODELS, models, strict=True)
            if name in held
        )
        others = ", ".join(
            f"{name}: {number(t, 3)}" for name, t in zip(METHODS, totals, strict=True)
        )
        return (
            f"{method}: {number(total, 3)} GB on each device, {share}. Weights, gradients and "
            f"optimizer states in GB: {listed}. In each trained model {trained / 1e6:,.1f} of "
            f"{size / 1e6:,.1f} million numbers are trained. In mixed precision, with no LoRA and "
            f"on one device: {number(plain, 3)} GB, {number(plain / total, 2)} times as much. "
            f"Every method at this setting: {others}. Activations and caches come on top."
            f"{''.join(f' {sentence}' for sentence in idle)}"
        )

    def _show(self, panel: int, columns: np.ndarray) -> None:
        """Stack the parts [bars, 3], with the sum over each bar."""
        tops = columns.cumsum(axis=1)
        left = np.arange(len(columns)) - WIDTH / 2
        for k, bars in enumerate(self.parts[panel]):
            ends = left, tops[:, k], left + WIDTH, tops[:, k] - columns[:, k]
            bars.set_path(rectangles(np.stack(ends, axis=1)))
        self.sums[panel].positions[:, 1] = tops[:, -1] + 0.06 * self.scales[panel].top


def _stack(axes) -> list[PathPatch]:
    """One patch for each part of all bars, by colour and hatch."""
    none = rectangles(np.zeros((1, 4)))
    return [
        axes.add_patch(PathPatch(none, facecolor=colour, edgecolor=INK, hatch=hatch, zorder=10))
        for colour, hatch in LOOKS.values()
    ]


def _sum(gigabytes: float, held: bool) -> str:
    if not held:
        return "not held"
    return f"{gigabytes:.4g}" if gigabytes else "0: adapter off"


def _three(parts: np.ndarray) -> str:
    return ", ".join(number(part, 3) for part in parts)
