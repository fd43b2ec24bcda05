"""Section 10.23 maps our names to TRL's: each exists, with the default printed."""

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import trl
from trl.trainer import dpo_trainer, grpo_trainer

from rlnotes.bridges import checks

CHAPTER = Path(__file__).parents[2] / "notebooks" / "10_invoices.ipynb"
CONFIGS = (trl.GRPOConfig, trl.RLOOConfig, trl.DPOConfig)
# Values of a setting, and what belongs to the sentence about another one.
VALUES = {
    "loss_type": {"grpo", "dapo", "dr_grpo", "sigmoid", "robust"},
    "scale_rewards": {"group", "none"},
}


def tables() -> list[list[list[str]]]:
    """The tables of the section, as rows of cells, without their headings."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    first = next(i for i, text in enumerate(texts) if text.startswith("## 10.23 "))
    found, rows = [], []
    for line in "\n".join(texts[first : first + 3]).splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            found.append(rows[2:])
            rows = []
    return found


NAMES, METRICS, LINES = tables()


def named(cell: str) -> list[tuple[str, str | None]]:
    """The names in a cell, each with the default in brackets behind it."""
    return re.findall(r"`([^`]+)`(?: \((?:the )?([^);]+))?", cell)


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row[0])
def test_trl_has_the_names_with_these_defaults(row):
    for name, default in named(row[1]):
        if name.endswith("Trainer"):
            assert hasattr(trl, name)
            continue
        name, _, value = name.partition("=")
        setting = next((s for s, values in VALUES.items() if name in values), None)
        if setting is not None:
            is_default = any(_default(config, setting) in (name, [name]) for config in CONFIGS)
            assert is_default or default != "default"
            continue
        held = [config for config in CONFIGS if name in {f.name for f in fields(config)}]
        assert held, name
        if value:
            assert str(_default(held[0], name)) != value  # else it need not be said
        if default:
            assert float(default) in {_default(config, name) for config in held}


def _default(config, name):
    chosen = {field.name: field.default for field in fields(config)}.get(name)
    made = config(output_dir="unused", use_cpu=True, bf16=False)
    return getattr(made, name, chosen)


def test_there_is_no_ppo_trainer():
    assert not hasattr(trl, "PPOTrainer")
    assert next(row[1] for row in NAMES if row[0].startswith("PPO")) == "none"


@pytest.mark.parametrize("row", METRICS, ids=lambda row: row[0])
def test_trl_logs_what_is_said(row):
    source = inspect.getsource(grpo_trainer) + inspect.getsource(dpo_trainer)
    for name, _ in named(row[1]):
        assert f'["{name}"]' in source


@pytest.mark.parametrize("row", LINES, ids=lambda row: row[0])
def test_the_pre_flight_has_these_lines(row):
    sources = [path.read_text() for path in Path(checks.__file__).parent.glob("*.py")]
    for name in row[0].split(", "):
        assert any(f'"{name}"' in source for source in sources), name
