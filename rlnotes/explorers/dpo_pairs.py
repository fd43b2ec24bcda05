"""DPO on the plane: the price, the pairs and when to stop."""

import ipywidgets

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.reward_kl_plane import best_gap, draw_frontier
from rlnotes.explorers.runs_on_plane import RunsOnPlane, best_point, runs_by_setting, span
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import GREEN, GREY, VERMILION, label, new_figure

SOURCES = {
    "300 fixed pairs": "fixed_300",
    "1,000 fixed pairs": "fixed_1000",
    "10,000 fixed pairs": "fixed_10000",
    "fresh pairs of the reference": "fresh",
    "fresh pairs of the policy": "own",
}
BETAS = [1.0, 0.5, 0.25, 0.1]
LARGEST_KL, REWARDS = 12.0, (-3.5, 4.5)
LAST, LOGGED, TICKS = 400, (-25, 2), (-10, -5, -2, -1, -0.5, 0, 0.5, 1, 2)


class DPOPairs(Explorer):
    """Recorded runs of five seeds, on the plane and as a log would show them."""

    title = "DPO: the price, the pairs, and when to stop"

    def make_controls(self):
        return {
            "source": ipywidgets.Dropdown(
                options=list(SOURCES), value="1,000 fixed pairs", description="trained on"
            ),
            "beta": ipywidgets.SelectionSlider(
                options=BETAS, value=0.25, description="beta (reward per nat)"
            ),
            "step": ipywidgets.IntSlider(
                value=LAST, min=0, max=LAST, step=20, description="steps of the runs"
            ),
        }

    def build(self):
        figure, (plane, log) = new_figure(2, size=(10.6, 4.0), width_ratios=[1.1, 1.0])
        label(
            plane,
            heading="Where the runs are",
            x="KL to the reference (nats per reply)",
            y="expected gold reward",
        )
        plane.set(xlim=(-0.2, LARGEST_KL), ylim=REWARDS)
        draw_frontier(plane)
        self.runs = RunsOnPlane(plane, num_runs=5)
        plane.text(
            0.03,
            0.03,
            "black: exact frontier, nothing lies above\ncircle: best policy at this price\n"
            "squares: DPO, 5 seeds, lines: their way",
            transform=plane.transAxes,
            va="bottom",
            fontsize=9.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        label(log, heading="What a log shows", x="steps", y="implicit reward, mean of the batch")
        log.set_yscale("symlog", linthresh=1, linscale=1.2)
        log.set(xlim=(0, LAST), ylim=LOGGED, yticks=TICKS)
        log.set_yticklabels([f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in TICKS])
        log.axhline(0, color=GREY, lw=1, ls="--", zorder=3)
        styles = {"chosen": (GREEN, "-"), "rejected": (VERMILION, ":")}
        self.curves = {
            name: [log.plot([], [], ls, color=color, lw=1.6, zorder=9)[0] for _ in range(5)]
            for name, (color, ls) in styles.items()
        }
        self.names = {
            name: log.text(LAST * 0.98, 0, name, color=color, ha="right", va=va, zorder=13)
            for (name, (color, _)), va in zip(styles.items(), ("bottom", "top"), strict=True)
        }
        (self.now,) = log.plot([], [], "-", color=GREY, lw=1, zorder=8)
        lines = [line for lines in self.curves.values() for line in lines]
        return figure, [*self.runs.artists, self.now, *lines, *self.names.values()]

    def update(self, source, beta, step):
        runs = runs_by_setting("dpo_sources", "source")[SOURCES[source], beta]
        count = step // 20 + 1
        points = [run[count - 1] for run in runs]
        reward, kl = best_point(beta)
        self.runs.show([run[:count] for run in runs], beta)
        for name, curves in self.curves.items():
            key = f"{name}_reward"
            for line, run in zip(curves, runs, strict=True):
                line.set_data([row["step"] for row in run], [row[key] for row in run])
            ends = [row[key] for run in runs for row in run[-4:]]  # as wide as the name
            self.names[name].set_y(max(ends) if name == "chosen" else min(ends))
        self.now.set_data([step, step], LOGGED)
        gaps = [best_gap(p["kl"], p["reward"]) for p in points]
        spans = {key: span([p[key] for p in points]) for key in points[0] if key not in KEYS}
        return (
            f"DPO on {source} at beta {beta:g}, after {step} of {LAST} steps, 5 seeds: gold "
            f"reward {spans['reward']}, KL {spans['kl']} nats, below the frontier by "
            f"{span(gaps)}, total variation to the best policy {spans['distance']}. The log: "
            f"loss {spans['loss']}, implicit reward of chosen {spans['chosen_reward']}, of "
            f"rejected {spans['rejected_reward']}, accuracy {spans['accuracy']}. Best policy at "
            f"this price: reward {number(reward, 3)}, KL {number(kl, 3)}."
        )


KEYS = ("source", "beta", "seed", "step")
