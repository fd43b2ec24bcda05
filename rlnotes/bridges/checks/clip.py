"""What the clip can do at the settings of a run."""

from dataclasses import MISSING, fields

from rlnotes.bridges.checks.plan import Plan, stale_share
from rlnotes.bridges.checks.report import Check

_SETTINGS = ("epsilon", "epsilon_high", "delta")


def check_clip(args, plan: Plan) -> Check:
    """Whether a ratio can differ from 1 at all; red if the clip was set in vain.

    Args:
        args: a `GRPOConfig` or `RLOOConfig`.
        plan: the steps of the run.
    """
    share = stale_share(plan)
    chosen = {name: getattr(args, name) for name in _SETTINGS if _is_changed(args, name)}
    seen = {
        "passes whose ratio can differ from 1": share,
        "epsilon": args.epsilon,
        "times each answer is used": plan.num_iterations,
    }
    if share:
        sentence = f"{share:.0%} of the passes use answers older than the last step."
    else:
        sentence = "Each answer is used before the next step: all ratios are 1, no clip acts."
    if chosen and not share:
        named = " and ".join(f"{name} {value}" for name, value in chosen.items())
        sentence += f" {named} changes nothing: raise num_iterations or steps_per_generation."
    wanted = "above 0, as the clip was set" if chosen else ""
    return Check("clip", seen, wanted, share > 0 or not chosen, sentence)


def _is_changed(args, name: str) -> bool:
    defaults = {field.name: field.default for field in fields(args)}
    return defaults.get(name, MISSING) is not MISSING and getattr(args, name) != defaults[name]
