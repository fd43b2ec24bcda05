import json

import pytest
from peft import LoraConfig
from trl import DPOConfig, GRPOConfig

from rlnotes.bridges.checks.building import build_trainer
from rlnotes.bridges.checks.loading import (
    read_rows,
    reward_functions,
    settings_from,
    with_defaults,
)
from tests.bridges.checks.small_runs import low_digits, pairs, prompts


def test_rows_of_both_kinds_of_file(tmp_path):
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"prompt": "3 4", "wanted": {"total": 1}}\n{"prompt": "é"}\n\n', "utf-8")
    assert read_rows(lines, method="grpo") == [
        {"prompt": "3 4", "wanted": {"total": 1}},
        {"prompt": "é"},
    ]
    table = tmp_path / "a.csv"
    table.write_text('chosen,rejected\n"two\nlines",b\n', "utf-8")
    assert read_rows(table, method="dpo") == [{"chosen": "two\nlines", "rejected": "b"}]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "", "data must have a row"),
        ("a.jsonl", "{]\n", r"data must hold JSON in each line, got '\{\]"),
        ("a.jsonl", "[1]\n", "data must hold an object in each line"),
        ("a.jsonl", '{"prompt": "3"}\n{"text": "4"}\n', r"data must have \['prompt'\].*row 2"),
        ("a.csv", "prompt,other\n3\n,4\n", r"data must have"),
        ("a.csv", "chosen,rejected\na,b,c\n", r"a name for each cell, got \['c'\] in row 1"),
        ("a.txt", "3", "ending of data must be one of"),
        (None, "", "data must be a file, got"),
    ],
)
def test_bad_data_are_named(tmp_path, name, text, message):
    path = tmp_path / (name or "missing.jsonl")
    if name:
        path.write_text(text)
    method = "dpo" if name == "a.csv" else "grpo"
    with pytest.raises(ValueError, match=message):
        read_rows(path, method=method)


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("learning_rate=1e-5", 1e-5),
        ("learning_rate=1", 1),
        ("num_iterations=2", 2),
        ("bf16=false", False),
        ("steps_per_generation=4", 4),
        ("epsilon_high=none", None),
        ("warmup_steps=0.1", 0.1),
        ("lr_scheduler_type=cosine", "cosine"),
        ("run_name=5", "5"),
        ("generation_kwargs={'top_k': 3}", {"top_k": 3}),
        ("loss_type=dr_grpo", "dr_grpo"),
    ],
)
def test_settings(pair, value):
    found = settings_from([pair], GRPOConfig)[pair.partition("=")[0]]
    assert found == value
    assert type(found) is type(value)


def test_settings_of_an_adapter():
    settings = settings_from(
        ["r=4", "task_type=SEQ_CLS", "init_lora_weights=pissa", "target_modules=['q_proj']"],
        LoraConfig,
    )
    assert LoraConfig(**settings).r == 4
    assert settings["init_lora_weights"] == "pissa"
    assert settings["target_modules"] == ["q_proj"]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("learning_rate", "settings must look like name=value, got 'learning_rate'"),
        ("max_prompt_length=5", "GRPOConfig has no setting 'max_prompt_length'"),
        ("learning_rate=fast", "learning_rate must be float, got 'fast'"),
        ("num_iterations=1.5", "num_iterations must be int, got '1.5'"),
        ("num_iterations=true", "num_iterations must be int, got 'true'"),
        ("bf16=1", "bf16 must be bool or NoneType, got '1'"),
    ],
)
def test_bad_settings_are_named(pair, message):
    with pytest.raises(ValueError, match=message):
        settings_from([pair], GRPOConfig)


def test_settings_stand_over_the_defaults():
    merged = with_defaults(DPOConfig, {"beta": 0.3})
    assert (merged.beta, merged.per_device_train_batch_size) == (0.3, 8)


def test_rewards_by_name():
    (found,) = reward_functions(["tests.bridges.checks.small_runs:low_digits"])
    assert found is low_digits


@pytest.mark.parametrize("name", ["low_digits", "no_such_module:f", "json:no_such_function"])
def test_bad_rewards_are_named(name):
    with pytest.raises(ValueError, match=f"reward must .*{name}"):
        reward_functions([name])


@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo", "reward"])
def test_trainers_are_built_from_a_folder(folder, tmp_path, method):
    policy = method in ("grpo", "rloo")
    run = build_trainer(
        method,
        folder,
        prompts(8) if policy else pairs(8),
        output_dir=tmp_path,
        settings={"beta": 0.3} if method != "reward" else {},
        rewards=[low_digits] if policy else None,
    )
    assert str(run.model.dtype) == "torch.float32"
    assert len(run.train_dataset) == 8
    assert run.args.report_to == []


def test_a_column_that_the_first_row_does_not_have_is_kept(folder, tmp_path):
    rows = prompts(8)
    rows[5]["total"] = "9.50"
    run = build_trainer(
        "grpo", folder, rows, output_dir=tmp_path, settings={}, rewards=[low_digits]
    )
    assert run.train_dataset["total"][4:7] == [None, "9.50", None]
    assert rows[0] == prompts(8)[0]


def test_precision_and_adapter_are_those_asked_for(folder, tmp_path):
    run = build_trainer(
        "reward",
        folder,
        pairs(8),
        output_dir=tmp_path,
        settings={},
        lora={"r": 2},
        dtype="bfloat16",
    )
    assert str(run.model.dtype) == "torch.bfloat16"
    assert run.model.peft_config["default"].r == 2


@pytest.mark.parametrize(
    ("folder_name", "dtype", "message"),
    [
        ("nothing", None, "model must be a folder with a config.json, got"),
        (None, "int8", "dtype must be one of"),
    ],
)
def test_a_bad_model_is_named(folder, tmp_path, folder_name, dtype, message):
    where = tmp_path / folder_name if folder_name else folder
    with pytest.raises(ValueError, match=message):
        build_trainer("dpo", where, pairs(8), output_dir=tmp_path, settings={}, dtype=dtype)


def test_a_refused_setting_is_told(folder, tmp_path):
    with pytest.raises(ValueError, match="at least 2 generations per prompt"):
        build_trainer(
            "grpo",
            folder,
            json.loads(json.dumps(prompts(8))),
            output_dir=tmp_path,
            settings={"num_generations": 1},
            rewards=[low_digits],
        )
