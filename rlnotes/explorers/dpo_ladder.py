"""DPO's derivation as a ladder: break one assumption, see which line fails."""

import ipywidgets
import torch

from rlnotes.exact.dpo_derivation import SABOTEURS, Table, dpo_ladder
from rlnotes.explorers.ladder import Ladder
from rlnotes.plotting.numbers import number

EQUATIONS = (
    r"$r - \beta\,(\log(\pi^*/\pi_{\mathrm{ref}}) + 1) = \lambda(x)\,/\,p(x)$",
    r"$\sum_y \pi^*(y|x) = 1$",
    r"$\lambda(x) = p(x)\,\beta\,(\log Z(x) - 1)$",
    r"$J(\pi^*) = E_x[\beta\,\log Z(x)]$",
    r"$r = \beta\,\log(\pi^*/\pi_{\mathrm{ref}}) + \beta\,\log Z(x)$",
    r"$r(y_1) - r(y_2) = \hat r(y_1) - \hat r(y_2)$",
    r"$P(y_1 \succ y_2) = \sigma(\hat r(y_1) - \hat r(y_2))$",
    "pull up = pull down, at each answer",
)
NOTE = (
    r"$\hat r = \beta\,\log(\pi^*/\pi_{\mathrm{ref}})$.  Of many answers: the one whose sides "
    "are furthest apart."
)
BETAS = [0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]
PROMPT_PROBS = torch.tensor([0.6, 0.4], dtype=torch.float64)
REF_LOG_PROBS = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]], dtype=torch.float64).log()
OTHER_REWARDS = (1.0, 0.0), (0.2, -0.5, 0.1)  # of answers A and B; to prompt 2


def two_prompts(*, beta: float, reward: float) -> Table:
    """Three answers to each of two prompts; reward is that of C to the first."""
    (first, second), others = OTHER_REWARDS
    rewards = torch.tensor([[first, second, reward], others], dtype=torch.float64)
    return Table(PROMPT_PROBS, REF_LOG_PROBS, rewards, beta)


class DPOLadder(Ladder):
    """Both sides of every line on two prompts, and how far they are apart."""

    title = "From RLHF to DPO, line by line"
    equations = EQUATIONS
    size = (10.0, 4.7)
    width_ratios = (2.0, 1.0)
    columns = (0.60, 0.78, 0.94)
    largest = 1e7
    note = NOTE

    def make_controls(self):
        return {
            "saboteur": ipywidgets.Dropdown(options=list(SABOTEURS), description="saboteur"),
            "beta": ipywidgets.SelectionSlider(
                options=BETAS, value=0.5, description="beta (reward per nat)"
            ),
            "reward": ipywidgets.FloatSlider(
                value=2, min=-1, max=3, step=0.1, description="reward of answer C to prompt 1"
            ),
        }

    def update(self, saboteur, beta, reward):
        table = two_prompts(beta=beta, reward=reward)
        verdict = self.show(dpo_ladder(table, saboteur=saboteur))
        once = saboteur == "beta counted twice" and beta == 1
        reason = " At beta = 1 twice is once." if once else ""
        return f"{_optimum(table)} {verdict}{reason}"


def _optimum(table: Table) -> str:
    prompts = "; ".join(
        f"to prompt {x + 1} {', '.join(number(p, 4) for p in row)}, Z = {number(z, 5)}"
        for x, (row, z) in enumerate(
            zip(table.best.exp().tolist(), table.log_z.exp().tolist(), strict=True)
        )
    )
    return f"Best policy, answers A, B, C: {prompts}."
