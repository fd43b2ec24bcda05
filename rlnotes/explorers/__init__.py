"""Explorers: one idea each, with sliders, one figure and a text twin.

`catalog` lists them all. Each class is also an attribute of this package, which is how
the notebooks name it: `explorers.MazeValues()`. Importing the package imports none of
them; a class is loaded when it is asked for.
"""

from collections.abc import Callable
from importlib import import_module

_EXPLORERS = {
    "maze_values": "MazeValues",
    "monte_carlo": "MonteCarlo",
    "discounting": "Discounting",
    "language_mdp": "LanguageMDP",
    "bellman_backups": "BellmanBackups",
    "q_learning_stepper": "QLearningStepper",
    "max_bias": "MaxBias",
    "moving_target": "MovingTarget",
    "prioritized_sampling": "PrioritizedSampling",
    "dueling_constant": "DuelingConstant",
    "dqn_switches": "DQNSwitches",
    "derivation_ladder": "DerivationLadder",
    "baseline_variance": "BaselineVariance",
    "gradient_hill": "GradientHill",
    "psi_variants": "PsiVariants",
    "gae_weights": "GAEWeights",
    "gae_bias_variance": "GAEBiasVariance",
    "value_targets": "ValueTargets",
    "importance_weights": "ImportanceWeights",
    "trust_region_step": "TrustRegionStep",
    "ppo_clip": "PPOClip",
    "inner_epochs": "InnerEpochs",
    "ppo_ingredients": "PPOIngredients",
    "bradley_terry": "BradleyTerry",
    "reward_kl_plane": "RewardKLPlane",
    "over_optimization": "OverOptimization",
    "kl_laboratory": "KLLaboratory",
    "dpo_ladder": "DPOLadder",
    "dpo_loss": "DPOLoss",
    "dpo_pairs": "DPOPairs",
    "likelihood_displacement": "LikelihoodDisplacement",
    "group_of_answers": "GroupOfAnswers",
    "climbed_objective": "ClimbedObjective",
    "length_bias": "LengthBias",
    "group_size_pass_rate": "GroupSizePassRate",
    "grpo_plane": "GRPOPlane",
    "reward_weights": "RewardWeights",
    "reward_hacking": "RewardHacking",
    "layout_shift": "LayoutShift",
    "label_share": "LabelShare",
    "memory_calculator": "MemoryCalculator",
    "decision_helper": "DecisionHelper",
    "rollout_timeline": "RolloutTimeline",
    "lineage": "Lineage",
    "adapter_swap": "AdapterSwap",
}


def catalog() -> dict[str, Callable]:
    """Name of each explorer, and the class that builds it without arguments.

    Example:
        >>> "maze_values" in catalog()
        True
    """
    return {name: explorer_class(name) for name in _EXPLORERS}


def class_names() -> dict[str, str]:
    """Name of each explorer, and of its class; loads none of them."""
    return dict(_EXPLORERS)


def explorer_class(name: str) -> Callable:
    """The class of one explorer, by its name in the catalogue; loads that one.

    Raises:
        ValueError: if there is none of that name.
    """
    if name not in _EXPLORERS:
        raise ValueError(f"name must be one of {list(_EXPLORERS)}, got {name!r}")
    return getattr(import_module(f"rlnotes.explorers.{name}"), _EXPLORERS[name])


def __getattr__(name: str) -> type:
    for module, class_name in _EXPLORERS.items():
        if name == class_name:
            return explorer_class(module)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPLORERS.values()])
