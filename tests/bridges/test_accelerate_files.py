"""Every configuration is read as its name says, and two of them train here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from accelerate.commands.config import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from accelerate.utils import DistributedType
from safetensors.torch import load_file

import rlnotes

ROOT = Path(__file__).parents[2]
FILES = Path(rlnotes.__file__).parent / "bridges" / "accelerate"
KINDS = {
    "ddp": DistributedType.MULTI_GPU,
    "fsdp": DistributedType.FSDP,
    "zero2": DistributedType.DEEPSPEED,
    "zero3": DistributedType.DEEPSPEED,
}


def test_there_is_a_file_for_each_kind_and_no_other():
    assert {path.name for path in FILES.iterdir()} == {f"{name}.yaml" for name in KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_accelerate_reads_the_kind_that_the_name_says(name):
    config = load_config_from_file(str(FILES / f"{name}.yaml"))  # refuses unknown keys
    assert config.distributed_type == KINDS[name]
    assert config.num_processes > 1
    assert config.num_machines == 1
    assert config.mixed_precision == "bf16"
    assert not config.use_cpu
    assert bool(config.fsdp_config) == (name == "fsdp")
    assert bool(config.deepspeed_config) == name.startswith("zero")


def test_the_versions_and_stages_are_those_of_the_names():
    configs = {name: load_config_from_file(str(FILES / f"{name}.yaml")) for name in KINDS}
    assert configs["fsdp"].fsdp_config["fsdp_version"] == 2
    assert configs["zero2"].deepspeed_config["zero_stage"] == 2
    assert configs["zero3"].deepspeed_config["zero_stage"] == 3


@pytest.mark.parametrize("name", KINDS)
def test_no_key_inside_a_block_is_unknown(name):
    # accelerate's loader looks at the outer keys only; inner ones become options.
    options = vars(launch_command_parser().parse_args(["script.py"]))
    settings = yaml.safe_load((FILES / f"{name}.yaml").read_text(encoding="utf-8"))
    for block in ("fsdp_config", "deepspeed_config"):
        assert set(settings.get(block, {})) <= set(options)


def launched(model: Path, folder: Path, name: str, *, as_gpus: bool) -> list[dict]:
    """Two processes by the file of this name: what each of them saw."""
    command = [sys.executable, "-m", "accelerate.commands.launch"]
    command += ["--config_file", str(FILES / f"{name}.yaml"), "--num_processes", "2"]
    command += ["--main_process_port", "0", "--mixed_precision", "no"]
    command += [str(ROOT / "tests" / "bridges" / "launched.py"), str(model), str(folder)]
    command += ["--as-gpus"] * as_gpus
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    settings = {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(path) for path in sorted(folder.glob("rank*.pt"))]


@pytest.fixture(scope="module")
def parallel(tiny_folder, tmp_path_factory):
    return launched(tiny_folder, tmp_path_factory.mktemp("ddp"), "ddp", as_gpus=False)


@pytest.fixture(scope="module")
def sharded_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fsdp")


@pytest.fixture(scope="module")
def sharded(tiny_folder, sharded_folder):
    return launched(tiny_folder, sharded_folder, "fsdp", as_gpus=True)


def num_weights(seen: dict) -> int:
    return sum(weight.numel() for weight in seen["weights"].values())


def test_data_parallel_starts_two_with_the_whole_model_each(parallel):
    assert [seen["processes"] for seen in parallel] == [2, 2]
    for seen in parallel:
        assert seen["kind"] == "MULTI_CPU"
        assert seen["stored"] == num_weights(seen)
        assert seen["units"] == []


def test_sharded_starts_two_with_half_of_the_model_each(sharded):
    assert [seen["processes"] for seen in sharded] == [2, 2]
    assert {seen["kind"] for seen in sharded} == {"FSDP"}
    assert sum(seen["stored"] for seen in sharded) == num_weights(sharded[0])
    for seen in sharded:
        assert seen["stored"] <= 0.51 * num_weights(seen)
        # one unit per block of the model, so that never all of it is gathered at once
        blocks = [name for name in seen["units"] if name.rpartition(".")[0].endswith("layers")]
        assert len(blocks) == 2


@pytest.mark.parametrize("which", ["parallel", "sharded"])
def test_both_processes_end_with_the_same_weights(which, request):
    first, second = (seen["weights"] for seen in request.getfixturevalue(which))
    assert first.keys() == second.keys()
    for name, weight in first.items():
        assert torch.equal(weight, second[name]), name
    raised = [weight for name, weight in first.items() if "lora_B" in name]
    assert max(weight.abs().max() for weight in raised) > 1e-3  # they start at zero


def test_sharded_training_is_data_parallel_training(parallel, sharded):
    for name, weight in parallel[0]["weights"].items():
        torch.testing.assert_close(sharded[0]["weights"][name], weight, atol=1e-4, rtol=0)
    assert sharded[0]["moments"] * 2 == parallel[0]["moments"]
    rewards = [
        [row["reward"] for row in seen[0]["log"] if "loss" in row] for seen in (parallel, sharded)
    ]
    assert rewards[0] == pytest.approx(rewards[1])


def test_the_adapter_that_shards_save_is_the_whole_one(sharded, sharded_folder):
    saved = load_file(sharded_folder / "run" / "adapter" / "adapter_model.safetensors")
    trained = {
        name.replace(".default.", "."): weight
        for name, weight in sharded[0]["weights"].items()
        if "lora_" in name
    }
    assert saved.keys() == trained.keys()
    for name, weight in trained.items():
        assert torch.equal(saved[name], weight), name
