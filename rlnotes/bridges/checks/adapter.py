"""Whether the names of an adapter's settings are names of the model."""

from torch import nn

from rlnotes.bridges.checks.report import Check

# What PEFT itself adds to `modules_to_save` for a score, whatever the model has.
_HEADS = {"classifier", "score"}


def check_adapter_names(model: nn.Module) -> Check:
    """How many names in `target_modules` and `modules_to_save` fit no module.

    PEFT leaves out what it does not find, and raises only if no target module is found.
    A target fits a module by its whole name, or by the parts after a dot; a module to
    save by any end of the name, so that "head" finds "lm_head". A regular expression
    has no names.

    Args:
        model: wrapped by PEFT.

    Source:
        PEFT 0.21.2, as run in `findings/peft_unload_and_names.sh`.
    """
    modules = [name for name, _ in model.get_base_model().named_modules()]
    configs = model.peft_config.values()
    targets = {name for config in configs for name in _targets(config)}
    saved = {name for config in configs for name in _saved(config)}
    lost = {
        name for name in targets if not any(f".{module}".endswith(f".{name}") for module in modules)
    }
    lost |= {name for name in saved if not any(module.endswith(name) for module in modules)}
    sentence = "Every part that the adapter names is in the model."
    if lost:
        sentence = (
            f"No part of the model is called {', '.join(map(repr, sorted(lost)))}. PEFT leaves "
            "out what it does not find, so that part is not trained."
        )
    seen = {"names": len(targets | saved), "not found": len(lost)}
    return Check("adapter names", seen, "0 not found", not lost, sentence)


def _targets(config) -> set[str]:
    named = getattr(config, "target_modules", None) or ()
    return set() if isinstance(named, str) else set(named)


def _saved(config) -> set[str]:
    named = set(getattr(config, "modules_to_save", None) or ())
    return named - _HEADS if config.task_type == "SEQ_CLS" else named
