import json
import os
import subprocess
import sys

import pytest
import torch
import transformers

from rlnotes.bridges.checks.loading import read_rows
from rlnotes.bridges.checks.report import is_red, report
from rlnotes.bridges.preflight import main, preflight
from tests.bridges.checks.small_runs import (
    load,
    pair_run,
    pairs,
    policy_run,
    prompts,
    save_model,
    words_tokenizer,
)

SOUND = ["learning_rate=1e-2", "bf16=false"]
GROUPS = ["num_generations=4", "per_device_train_batch_size=16", "max_completion_length=8"]
REWARD = ["--reward", "tests.bridges.checks.small_runs:low_digits"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("words") / "model")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name, rows in (("prompts", prompts()), ("pairs", pairs())):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)
    return {"grpo": folder / "prompts.jsonl", "rloo": folder / "prompts.jsonl"} | {
        "dpo": folder / "pairs.jsonl",
        "reward": folder / "pairs.jsonl",
    }


@pytest.fixture
def call(folder, files, capsys):
    def run(method, settings, *more, model=None):
        arguments = ["--model", str(model or folder), "--data", str(files[method])]
        arguments += ["--method", method, *more, "--set", *SOUND, *settings]
        code = main(arguments)
        return code, capsys.readouterr()

    return run


def reds(text):
    return [line[5:].split("  ")[0] for line in text.splitlines() if line.startswith("RED")]


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_a_sound_run_on_prompts(call, method):
    code, out = call(method, [*GROUPS, "beta=0.1"], *REWARD)
    assert reds(out.out) == []
    assert code == 0
    assert "KL per token 0," in out.out


@pytest.mark.parametrize("method", ["dpo", "reward"])
def test_a_sound_run_on_pairs(call, method):
    code, out = call(method, [])
    assert reds(out.out) == []
    assert code == 0
    assert ("loss 0.6931, ln 2 0.6931" in out.out) == (method == "dpo")


@pytest.mark.parametrize(
    ("method", "settings", "more", "red"),
    [
        ("grpo", ["per_device_train_batch_size=3", "num_generations=2"], [], "groups are whole"),
        ("grpo", ["per_device_train_batch_size=64", "num_generations=2"], [], "steps"),
        ("grpo", ["learning_rate=1e-6"], [], "learning rate"),
        ("grpo", ["epsilon=0.01"], [], "clip"),
        ("grpo", ["beta=0.1"], ["--lora", "init_lora_weights=pissa"], "reference is the policy"),
        ("dpo", ["max_length=3"], [], "answers end"),
        ("dpo", ["learning_rate=1e-4"], ["--dtype", "bfloat16"], "dtype"),
        ("reward", [], ["--lora", "r=4"], "score head"),
    ],
)
def test_planted_faults(call, method, settings, more, red):
    if method == "grpo":
        names = [setting.partition("=")[0] for setting in settings]
        settings = [s for s in GROUPS if s.partition("=")[0] not in names] + settings
    code, out = call(method, settings, *more)
    assert red in reds(out.out)
    assert code == 1


def test_with_its_task_the_adapter_trains_the_head(call):
    assert call("reward", [], "--lora", "r=4", "task_type=SEQ_CLS")[0] == 0


def test_processes_make_groups_whole(call):
    settings = ["per_device_train_batch_size=2", "num_generations=4", "max_completion_length=8"]
    code, out = call("grpo", settings, *REWARD)
    assert (code, reds(out.out)) == (1, ["groups are whole"])
    code, out = call("grpo", settings, *REWARD, "--processes", "2")
    assert (code, reds(out.out)) == (0, [])


def test_without_a_reward_no_reward_is_looked_at(call):
    code, out = call("grpo", GROUPS)
    assert code == 0
    assert "spread of rewards" not in out.out


@pytest.mark.parametrize(
    ("more", "settings", "message"),
    [
        ([], ["max_prompt_length=5"], "GRPOConfig has no setting 'max_prompt_length'"),
        ([], ["learning_rate=fast"], "learning_rate must be float, got 'fast'"),
        (["--reward", "nothing"], GROUPS, "reward must look like module:function"),
        (["--lora", "rank=4"], GROUPS, "LoraConfig has no setting 'rank'"),
        (["--dtype", "int8"], GROUPS, "dtype must be one of"),
        (["--processes", "0"], GROUPS, "processes must be a positive integer, got 0"),
        ([], ["num_generations=0"], "num_generations must be a positive integer, got 0"),
        ([], ["per_device_train_batch_size=0"], "per_device_train_batch_size must be a positive"),
        (["--reward", "json:__doc__"], GROUPS, "reward must be a function, got"),
        ([], [*GROUPS, "temperature=0"], "temperature"),
        (["--prompts", "0"], GROUPS, "prompts must be a positive integer, got 0"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(call, more, settings, message):
    code, out = call("grpo", settings, *more)
    assert code == 2
    assert message in out.err
    assert out.out == ""


def test_a_missing_model_is_a_wrong_call(call, tmp_path):
    code, out = call("dpo", [], model=tmp_path)
    assert code == 2
    assert "model must be a folder with a config.json" in out.err


def test_a_missing_extra_is_told(call, monkeypatch):
    monkeypatch.setattr("rlnotes.bridges.extra.find_spec", lambda name: None)
    code, out = call("dpo", [])
    assert code == 2
    assert 'pip install -c constraints.txt -e ".[trl]"' in out.err


def test_the_command_itself(tmp_path):
    command = [sys.executable, "-m", "rlnotes.bridges.preflight", "--method", "dpo"]
    arguments = ["--model", str(tmp_path), "--data", str(tmp_path / "no.jsonl")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("preflight: data must be a file, got")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--model" in done.stderr


def test_nothing_is_written(call, folder, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = (folder, files["dpo"].parent)
    before = [{(p.name, p.stat().st_mtime_ns) for p in place.iterdir()} for place in places]
    for method in ("dpo", "grpo"):
        call(method, GROUPS if method == "grpo" else [])
    assert os.listdir(tmp_path) == []
    after = [{(p.name, p.stat().st_mtime_ns) for p in place.iterdir()} for place in places]
    assert after == before


def test_a_trainer_of_another_kind_is_refused(folder, tmp_path):
    # Without a folder of its own it makes one where the tests were started.
    own = {"output_dir": str(tmp_path), "use_cpu": True, "report_to": "none"}
    plain = transformers.Trainer(model=load(folder), args=transformers.TrainingArguments(**own))
    with pytest.raises(ValueError, match=r"trainer must be a GRPOTrainer.*got Trainer"):
        preflight(plain)
    with pytest.raises(ValueError, match="num_prompts must be a positive integer"):
        preflight(pair_run(folder), num_prompts=0)


def test_a_trainer_whose_rows_were_all_dropped(folder):
    run = pair_run(folder, method="reward", max_length=3, max_steps=1)
    assert len(run.train_dataset) == 0
    checks = preflight(run)
    assert [check.name for check in checks if check.passed is False] == ["steps", "rows kept"]


def test_the_precision_is_judged_at_the_highest_rate(folder):
    run = pair_run(folder, model=load(folder, torch.bfloat16), warmup_steps=2)
    checks = {check.name: check for check in preflight(run)}
    assert checks["learning rate"].seen["first"] == 0
    assert checks["learning rate"].seen["last"] == pytest.approx(1e-2 / 3)
    assert checks["dtype"].seen["rate"] == pytest.approx(1e-2)


def test_the_report_of_a_run_in_bfloat16_autocast(folder):
    checks = preflight(policy_run(folder, beta=0.1, bf16=True, gradient_checkpointing=True))
    assert not is_red(checks), report(checks)


def test_a_stream_of_prompts(folder):
    run = policy_run(folder, max_steps=3)
    run.train_dataset = run.train_dataset.to_iterable_dataset()
    checks = {check.name: check for check in preflight(run)}
    assert checks["steps"].seen["steps"] == 3
    assert checks["spread of rewards"].seen["of"] == 4
    assert not is_red(checks.values())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_mark_of_byte_order_is_no_part_of_the_data(name, tmp_path):
    text = "prompt\n1 2 3\n" if name == "rows.csv" else '{"prompt": "1 2 3"}\n'
    (tmp_path / name).write_text("\ufeff" + text, encoding="utf-8")
    assert read_rows(tmp_path / name, method="grpo") == [{"prompt": "1 2 3"}]


def test_a_model_of_nan_is_told_in_one_line(call, folder, tmp_path):
    model = load(folder)
    with torch.no_grad():
        model.lm_head.weight.fill_(torch.nan)
    model.save_pretrained(tmp_path)
    words_tokenizer().save_pretrained(tmp_path)
    code, out = call("grpo", GROUPS, *REWARD, model=tmp_path)
    assert (code, out.out) == (2, "")
    assert "preflight: RuntimeError: probability tensor contains" in out.err
