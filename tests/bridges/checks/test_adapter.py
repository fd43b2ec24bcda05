import pytest
from peft import LoraConfig, PrefixTuningConfig, get_peft_model

from rlnotes.bridges.checks.adapter import check_adapter_names
from rlnotes.bridges.preflight import preflight
from tests.bridges.checks.small_runs import load, load_scorer, pair_run


def wrapped(folder, **settings):
    return get_peft_model(load(folder), LoraConfig(r=2, task_type="CAUSAL_LM", **settings))


@pytest.mark.parametrize(
    ("settings", "names", "lost"),
    [
        ({}, 2, []),  # PEFT's own choice
        ({"target_modules": "all-linear"}, 14, []),  # seven in each of two layers
        ({"target_modules": r".*\.layers\.0\..*_proj"}, 0, []),
        ({"target_modules": ["q_proj", "layers.1.mlp.up_proj"]}, 2, []),
        ({"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}, 2, []),
        ({"target_modules": ["q_proj", "v_porj"]}, 2, ["v_porj"]),
        ({"target_modules": ["q_proj", "proj"]}, 2, ["proj"]),  # the end of a name is none
        ({"target_modules": ["q_proj", "layers.2.mlp.up_proj"]}, 2, ["layers.2.mlp.up_proj"]),
        ({"target_modules": ["q_proj"], "modules_to_save": ["head"]}, 2, []),  # but here it is
        ({"target_modules": ["q_proj"], "modules_to_save": ["lm_haed"]}, 2, ["lm_haed"]),
        ({"target_modules": ["q_proj"], "modules_to_save": ["score"]}, 2, ["score"]),
    ],
)
def test_names_that_fit_no_module_are_counted_and_told(folder, settings, names, lost):
    check = check_adapter_names(wrapped(folder, **settings))
    assert check.seen == {"names": names, "not found": len(lost)}
    assert check.passed == (not lost)
    assert all(repr(name) in check.sentence for name in lost)


@pytest.mark.parametrize(
    ("saved", "trained"), [("head", {"q_proj", "lm_head"}), ("lm_haed", {"q_proj"})]
)
def test_what_is_not_found_is_not_trained(folder, saved, trained):
    model = wrapped(folder, target_modules=["q_proj", "v_porj"], modules_to_save=[saved])
    weights = {name for name, weight in model.named_parameters() if weight.requires_grad}
    parts = {name.partition(".lora")[0].partition(".modules_to_save")[0] for name in weights}
    assert {part.rpartition(".")[2] for part in parts} == trained
    check = check_adapter_names(model)
    assert check.seen["not found"] == 3 - len(trained)


def test_heads_that_peft_names_by_itself_do_not_count(folder):
    lora = LoraConfig(r=2, task_type="SEQ_CLS", target_modules=["q_proj"])
    model = get_peft_model(load_scorer(folder), lora)
    assert set(model.peft_config["default"].modules_to_save) == {"classifier", "score"}
    assert check_adapter_names(model).seen == {"names": 1, "not found": 0}


def test_an_adapter_without_target_modules_has_no_names(folder):
    prefix = PrefixTuningConfig(num_virtual_tokens=2, task_type="CAUSAL_LM")
    check = check_adapter_names(get_peft_model(load(folder), prefix))
    assert check.passed
    assert check.seen == {"names": 0, "not found": 0}


def test_names_of_every_adapter_count(folder):
    model = wrapped(folder, target_modules=["q_proj"])
    second = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["k_proj", "o_porj"])
    model.add_adapter("second", second)
    assert check_adapter_names(model).seen == {"names": 3, "not found": 1}


def test_the_report_has_the_line_for_adapters_only(folder):
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["q_proj", "v_porj"])
    checks = {check.name: check for check in preflight(pair_run(folder, peft_config=lora))}
    assert checks["adapter names"].passed is False
    assert "adapter names" not in {check.name for check in preflight(pair_run(folder))}
