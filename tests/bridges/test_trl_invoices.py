"""The command, run in this process: what it leaves behind, and what it refuses."""

import csv
import json
import re
import resource
import shutil
import subprocess
import sys

import pytest
from safetensors.torch import load_file
from transformers import TrainerCallback

from rlnotes.bridges import invoice_run, run_documents, trl_invoices
from rlnotes.bridges.rewards import InvoiceReward

SMALL = (
    *("--count", "12", "--most-segments", "40", "--batch-size", "4", "--num-answers", "2"),
    *("--max-answer", "40", "--learning-rate", "1e-2", "--lora-rank", "4"),
)
WEIGHTS = "adapter/adapter_model.safetensors"


@pytest.fixture(autouse=True)
def documents_once(monkeypatch):
    """The same documents without drawing them anew in each test."""
    monkeypatch.setattr(run_documents, "invented", _invented)


_DRAWN = {}
_DRAW = run_documents.invented


def _invented(count, **settings):
    key = (count, *settings.values())
    if key not in _DRAWN:
        _DRAWN[key] = _DRAW(count, **settings)
    return _DRAWN[key]


def command(*arguments, model="tiny"):
    return trl_invoices.main(["--model", str(model), *SMALL, *map(str, arguments)])


def table(folder):
    return list(csv.DictReader((folder / "metrics.csv").open()))


class Interruption(TrainerCallback):
    """Control-C at the end of a step, before anything of it is saved."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            raise KeyboardInterrupt


DPO = ("--method", "dpo", "--steps", 2, "--pairs", 5, "--batch-size", 2)
# Each drawing is used in two steps, so a run may be saved at every second one.
EIGHT = ("--num-iterations", "2", "--clip-epsilon", "0.01")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Eight steps in one go."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert command(*EIGHT, "--steps", 8, "--output", folder) == 0
    return folder


def test_a_run_leaves_adapter_settings_and_a_row_for_each_step(whole):
    rows = table(whole)
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 9)]
    # Rewards come with the steps that draw answers, every second one here.
    assert all(float(row["reward"]) > -0.11 for row in rows[::2])
    assert {row["reward"] for row in rows[1::2]} == {""}
    settings = json.loads((whole / "run.json").read_text())
    assert settings == json.loads((whole / "adapter" / "run.json").read_text())
    chosen = {"model": "tiny", "method": "grpo", "steps": 8, "beta": 0.04, "processes": 1}
    assert chosen.items() <= settings.items()
    assert settings["versions"]["trl"].startswith("1.16")
    assert (whole / "adapter" / "tokenizer.json").is_file()
    kept = {path.name for path in (whole / "checkpoints").glob("*-*")}
    assert kept == {"checkpoint-6", "checkpoint-8"}


def test_ratios_are_clipped_where_answers_are_used_twice(whole):
    clipped = [float(row["clip_ratio/region_mean"]) for row in table(whole)]
    assert not any(clipped[::2])
    assert any(clipped[1::2])


def test_a_run_broken_off_twice_ends_like_one_in_one_go(whole, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    assert command(*EIGHT, "--steps", 4, "--output", folder) == 0
    onwards = (*EIGHT, "--steps", 8, "--save-every", 2, "--output", folder, "--resume")
    with monkeypatch.context() as patched:
        stop = lambda trainer, _: trainer.add_callback(Interruption(7))  # noqa: E731
        patched.setattr(trl_invoices, "before_training", stop)
        assert command(*onwards) == 130
    assert "go on from the newest checkpoint with --resume" in capsys.readouterr().err
    assert [row["step"] for row in table(folder)] == ["1", "2", "3", "4", "5", "6"]
    assert command(*onwards) == 0
    first, second = load_file(whole / WEIGHTS), load_file(folder / WEIGHTS)
    assert first.keys() == second.keys()
    assert all(first[name].equal(second[name]) for name in first)
    timing = ("step_time",)
    rows = [
        [{k: v for k, v in row.items() if k not in timing} for row in table(each)]
        for each in (whole, folder)
    ]
    assert rows[0] == rows[1]
    assert command(*onwards) == 2  # all is done
    assert "steps must be more than the 8 that are done, got 8" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["grpo", "rloo", "dpo"])
def test_a_run_goes_on_exactly_in_any_epoch(method, tiny_folder, tmp_path):
    # Two steps are an epoch: the run is broken off at the end of one, and within one.
    few = ("--method", method, "--count", 4, "--pairs", 8, "--steps")
    run = tmp_path / "run"
    assert command(*few, 7, "--output", tmp_path / "whole", model=tiny_folder) == 0
    assert command(*few, 2, "--output", run, model=tiny_folder) == 0
    assert command(*few, 5, "--output", run, "--resume", model=tiny_folder) == 0
    assert command(*few, 7, "--output", run, "--resume", model=tiny_folder) == 0
    first, second = load_file(tmp_path / "whole" / WEIGHTS), load_file(run / WEIGHTS)
    assert all(first[name].equal(second[name]) for name in first)
    assert float(table(run)[-1]["epoch"]) == 3.5


def test_a_run_that_was_killed_before_its_adapter_was_whole_gets_it(whole, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    (folder / "adapter" / "run.json").unlink()
    (folder / WEIGHTS).unlink()
    assert command(*EIGHT, "--steps", 8, "--output", folder, "--resume") == 0
    first, second = load_file(whole / WEIGHTS), load_file(folder / WEIGHTS)
    assert all(first[name].equal(second[name]) for name in first)
    assert table(folder) == table(whole)


def test_dpo_begins_at_log_two(tmp_path):
    assert command(*DPO, "--output", tmp_path / "r") == 0
    first, second = table(tmp_path / "r")
    assert float(first["loss"]) == pytest.approx(0.693147, abs=1e-6)
    assert float(second["loss"]) != float(first["loss"])


def test_rloo_runs_without_labels_on_a_model_in_a_folder(tiny_folder, tmp_path):
    arguments = ("--method", "rloo", "--steps", 1, "--without-labels", "--output", tmp_path / "r")
    assert command(*arguments, model=tiny_folder) == 0
    assert float(table(tmp_path / "r")[0]["kl"]) == 0.0
    assert not (tmp_path / "r" / "model").exists()
    assert not json.loads((tmp_path / "r" / "run.json").read_text())["labels"]


def test_a_chat_model_gets_messages(tiny_folder, tmp_path, monkeypatch):
    folder = tmp_path / "chat"
    folder.mkdir()
    for path in tiny_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)
    seen = []

    def score(text, target):
        seen.append(text)
        return float(len(seen) % 2)

    monkeypatch.setattr(
        invoice_run,
        "InvoiceReward",
        lambda **settings: InvoiceReward(score=score, **(settings | {"end_ids": []})),
    )
    assert command("--steps", 1, "--output", tmp_path / "r", model=folder) == 0
    assert len(seen) == 8 + 4  # of the pre-flight, and of the step
    assert all(isinstance(text, str) for text in seen)
    assert table(tmp_path / "r")[0]["reward"] == "0.5"


def test_checks_before_training_see_the_trainer_and_may_end_the_run(
    tiny_folder, tmp_path, monkeypatch, capsys
):
    def refuse(trainer, _):
        raise ValueError(f"no: {type(trainer).__name__}, {trainer.state.global_step} steps")

    monkeypatch.setattr(trl_invoices, "before_training", refuse)
    assert command("--output", tmp_path / "r", model=tiny_folder) == 2
    assert capsys.readouterr().err == "no: GRPOTrainer, 0 steps\n"


def test_the_pre_flight_is_printed_and_a_red_line_ends_the_run(tmp_path, capsys):
    arguments = ("--method", "dpo", "--pairs", 3, "--batch-size", 2, "--steps", 2)
    output = ("--output", tmp_path / "r")
    arguments = [str(a) for a in (*arguments, *output, "--model", "tiny")]
    assert trl_invoices.main([*arguments, "--learning-rate", "1e-6"]) == 2
    seen = capsys.readouterr()
    assert "RED  learning rate" in seen.out
    assert "RED  reference" not in seen.out
    assert seen.err == "the pre-flight is red: learning rate; --ignore-red trains all the same\n"
    assert not (tmp_path / "r" / "metrics.csv").exists()
    assert trl_invoices.main([*arguments, "--learning-rate", "0.01"]) == 0  # the same folder
    assert "RED" not in capsys.readouterr().out


REFUSALS = {
    "no such model": (["--model", "nowhere/model"], "there is no model 'nowhere/model'"),
    "no model in the folder": (["--model", "{tmp}"], "there is no model"),
    "no such documents": (["--documents", "{tmp}/missing"], "folder must be a folder"),
    "nothing in them": (["--documents", "{tmp}"], "holds no document to train on"),
    "too few prompts": (["--batch-size", "26"], "prompts must be at least 13, .* got 12"),
    "no whole group": (["--num-answers", "3"], "num_answers must divide the 4 answers .* got 3"),
    "not between blocks": (
        ["--num-iterations", "2", "--steps", "3"],
        "steps must be a multiple of 2",
    ),
    "no room for answers": (["--max-answer", "8192"], "the prompt .* and the model has 8192"),
    "other processes": (["--processes", "2"], "processes must be 2, got 1: .*nproc_per_node 2"),
    "a file for a folder": (["--output", "{tmp}/file/run"], "cannot write to .*file is no folder"),
    "something there": (["--output", "{tmp}"], "holds file: name a new folder"),
    "nothing to go on with": (["--resume"], "holds no run to go on with"),
    "bad number": (["--lora-rank", "0"], "lora_rank must be a positive integer, got 0"),
    "no pair": (["--method", "dpo", "--pairs", "0"], "pairs must be a positive integer, got 0"),
    "dpo by rules": (["--method", "dpo", "--without-labels"], "labels must be read for dpo"),
    "no price": (["--method", "dpo", "--beta", "0"], "beta must be positive and finite, got 0.0"),
    "bad seed of documents": (["--data-seed", "-1"], "data_seed must be an integer .* got -1"),
    "no process": (["--processes", "0"], "processes must be a positive integer, got 0"),
    "too large a seed": (["--seed", "2147483648"], r"seed must be below 2\*\*31, got 2147483648"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_run_that_cannot_begin_is_refused_in_one_sentence(name, tiny_folder, tmp_path, capfd):
    (tmp_path / "file").write_text("mine")
    arguments, message = REFUSALS[name]
    arguments = [text.format(tmp=tmp_path) for text in arguments]
    output = ["--output", tmp_path / "new", "--steps", 2]
    assert command(*output, *arguments, model=tiny_folder) == 2
    printed = capfd.readouterr()
    assert not printed.out
    *problems, sentence = printed.err.strip().split("\n")
    assert not problems
    assert re.search(message, sentence), sentence
    assert not list(tmp_path.glob("new/*"))


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_broken_model_is_refused_in_one_sentence(name, tiny_folder, tmp_path, capsys):
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in tiny_folder.iterdir():
        content = path.read_bytes()
        half = content[: len(content) // 2]
        (folder / path.name).write_bytes(half if path.name == name else content)
    assert command("--output", tmp_path / "r", model=folder) == 2
    assert capsys.readouterr().err.startswith(f"there is no model '{folder}' that can be loaded: ")


def test_whatever_a_foreign_file_makes_the_library_raise_is_one_sentence(
    tiny_folder, tmp_path, capsys
):
    contents = {
        "config.json": ["[]", '{"model_type": "llama", "num_hidden_layers": "two"}'],
        "tokenizer.json": ["{}"],
    }
    wider = json.loads((tiny_folder / "config.json").read_text()) | {"hidden_size": 64}
    contents["config.json"].append(json.dumps(wider))
    for name, texts in contents.items():
        for number, text in enumerate(texts):
            folder = tmp_path / f"{number}_{name}"
            shutil.copytree(tiny_folder, folder)
            (folder / name).write_text(text)
            assert command("--output", tmp_path / "r", model=folder) == 2
            sentence = capsys.readouterr().err.strip().split("\n")[-1]
            assert sentence.startswith(f"there is no model '{folder}' that can be loaded: ")
    assert not list(tmp_path.glob("r/*"))


def test_a_run_that_has_left_all_numbers_ends_and_saves_none_of_it(tiny_folder, tmp_path, capsys):
    common = ("--learning-rate", "1e30", "--output")
    ends = {
        ("--method", "grpo", "--steps", 4): "the model's logits are no longer numbers, so no",
        DPO: r"the weights are no longer numbers after step 2: learning_rate 1e\+30 is too large",
    }
    for method, sentence in ends.items():
        run = tmp_path / method[1]
        assert command(*method, *common, run, model=tiny_folder) == 2
        assert "the pre-flight is red: learning rate;" in capsys.readouterr().err
        assert command(*method, *common, run, "--ignore-red", model=tiny_folder) == 2
        assert re.match(sentence, capsys.readouterr().err)
        assert not (run / "adapter").exists()
        for path in run.glob("checkpoints/*/adapter_model.safetensors"):
            assert all(weight.isfinite().all() for weight in load_file(path).values())


@pytest.mark.parametrize("place", ["save_tiny_model", "_load", "make_trainer"])
def test_wherever_a_run_broke_before_its_first_step_its_folder_can_be_named_again(
    place, tmp_path, monkeypatch
):
    arguments = [*DPO, "--output", tmp_path / "r"]
    with monkeypatch.context() as patch:
        patch.setattr(invoice_run, place, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            command(*arguments)
    assert command(*arguments) == 0


def test_a_template_that_refuses_a_user_is_told(tiny_folder, tmp_path, capsys):
    folder = tmp_path / "chat"
    shutil.copytree(tiny_folder, folder)
    (folder / "chat_template.jinja").write_text("{{ raise_exception('system first') }}")
    assert command("--output", tmp_path / "r", model=folder) == 2
    assert re.match("model must have a chat template .*: system first$", capsys.readouterr().err)


def test_a_run_goes_on_with_its_own_settings_only(whole, capsys):
    before = sorted(whole.rglob("*"))
    assert command(*EIGHT, "--steps", 16, "--output", whole, "--resume", "--seed", "1") == 2
    assert capsys.readouterr().err == "seed must be that of the run, 0, got 1\n"
    assert sorted(whole.rglob("*")) == before


def test_a_reward_that_gives_nothing_ends_the_run(tiny_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        invoice_run,
        "InvoiceReward",
        lambda **settings: InvoiceReward(score=lambda text, target: None, **settings),
    )
    one = ("--steps", 1, "--output")
    assert command(*one, tmp_path / "r", model=tiny_folder) == 2
    assert "the pre-flight is red: rewards are numbers;" in capsys.readouterr().err
    assert command(*one, tmp_path / "s", "--ignore-red", model=tiny_folder) == 2
    errors = capsys.readouterr().err
    assert "the reward of document 'receipt_" in errors
    assert "must be a finite number, got None" in errors


@pytest.mark.parametrize(("kilobytes", "rank"), [(1, 4), (10, 4), (24, 4), (90, 16)])
def test_a_full_disk_ends_in_a_sentence_and_leaves_no_half_table(
    kilobytes, rank, tiny_folder, tmp_path, capsys
):
    # A limit on the size of files stands for a disk that is full. Each library has its
    # own error: for a text (Python), the weights (safetensors), the tokenizer
    # (tokenizers), the state of the optimizer (torch).
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, unlimited[1]))
    try:
        arguments = ("--steps", 1, "--output", tmp_path / "r", "--lora-rank", rank)
        status = command(*arguments, model=tiny_folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert status == 2
    assert f"cannot write to {tmp_path / 'r'}: " in capsys.readouterr().err
    assert not (tmp_path / "r" / "adapter" / "run.json").exists()
    if (tmp_path / "r" / "metrics.csv").exists():
        assert len(table(tmp_path / "r")) == 1


def test_help_says_that_there_is_no_ppo_and_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        trl_invoices.main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert "TRL has had a PPO trainer, and has none any more" in printed
    assert "--learning-rate" in printed


def test_a_missing_extra_is_named_with_the_way_to_install_it(tmp_path):
    code = (
        "import sys\n"
        "for name in ('accelerate', 'datasets', 'peft', 'transformers', 'trl'):\n"
        "    sys.modules[name] = None\n"
        "from rlnotes.bridges.trl_invoices import main\n"
        f"sys.exit(main(['--model', 'tiny', '--output', {str(tmp_path / 'r')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    named = "not installed: trl, transformers, peft, accelerate, datasets; in the project's folder"
    assert done.stderr.startswith(named)
    assert done.stderr.count("\n") == 1
