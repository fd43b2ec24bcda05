"""Memory of training: the twin and the bars against counts by hand."""

import numpy as np
import pytest

from rlnotes.exact.memory import METHODS, MODELS
from rlnotes.explorers.memory_calculator import MemoryCalculator, adapter_size
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

HEAD = "{}: # GB on each device, # % of a card of 80 GB\\."
ALL = "at this setting: " + ", ".join(f"{name}: #" for name in METHODS)


def ends(bars) -> np.ndarray:
    """[2, bars] lower and upper ends."""
    heights = bars.get_path().vertices.reshape(-1, 5, 2)[:, :, 1]
    return np.array([heights.min(axis=1), heights.max(axis=1)])


def said(**settings) -> str:
    return at(MemoryCalculator, **settings).description


def test_the_default_is_ppo_with_four_models_on_sixteen_devices():
    # 6.7e9 weights: 2 bytes, and 14 / 16 for what stage 2 divides.
    text = said()
    trained, frozen = 6.7 * (2 + 14 / 16), 6.7 * 2
    total = 2 * trained + 2 * frozen
    assert found(HEAD.format("PPO-RLHF"), text) == pytest.approx([total, total / 0.8], abs=0.06)
    parts = found("policy # \\(#, #, #\\), critic # .*reference #.*reward model # ", text)
    expected = [trained, 13.4, 6.7 * 2 / 16, 6.7 * 12 / 16, trained, frozen, frozen]
    assert parts == pytest.approx(expected, abs=5.1e-4)
    assert found("one device: # GB, # times", text) == pytest.approx(
        [6.7 * 36, 6.7 * 36 / total], abs=5.1e-3
    )
    assert "idle" not in text


@pytest.mark.parametrize(
    ("precision", "stage", "trained"),
    [("mixed", 0, 16), ("float32", 0, 16), ("16 bit", 0, 8), ("mixed", 1, 7), ("mixed", 3, 4)],
)
def test_every_method_at_a_setting(precision, stage, trained):
    text = said(num_parameters=1.3, precision=precision, zero_stage=stage, num_devices=4)
    frozen = (4 if precision == "float32" else 2) / (4 if stage == 3 else 1)
    learn = {"PPO-RLHF": 2}
    expected = [
        1.3 * (learn.get(name, 1) * trained + (len(held) - learn.get(name, 1)) * frozen)
        for name, held in METHODS.items()
    ]
    assert found(ALL, text) == pytest.approx(expected, abs=5.1e-4)


def test_an_adapter_and_the_reference_without_memory():
    # 12 blocks of width 768: four square maps and two of four times the width.
    adapter = 12 * 16 * 768 * (4 * 2 + 2 * 5)
    assert adapter_size(0.125, 16) == adapter
    setting = {"num_parameters": 0.125, "lora_rank": 16, "zero_stage": 0, "method": "DPO"}
    trained, frozen = 0.25 + 16 * adapter / 1e9, 0.25
    held, off = (found("DPO: # GB", said(**setting, adapter_off=o))[0] for o in (False, True))
    assert [held, off] == pytest.approx([trained + frozen, trained], abs=5.1e-4)
    words = said(**setting, adapter_off=True)
    assert found("model # of # million", words) == pytest.approx(
        [adapter / 1e6, 125 + adapter / 1e6], abs=0.051
    )


def test_the_bars_are_the_numbers():
    explorer = at(MemoryCalculator, method="RLOO", lora_rank=256, zero_stage=1, num_devices=2)
    listed = found(
        "in GB: policy # \\(#, #, #\\), reference #.*reward model # ", explorer.description
    )
    heights = np.array([np.diff(ends(bars), axis=0)[0] for bars in explorer.parts[0]])
    assert heights[:, 0] == pytest.approx(listed[1:4], abs=5.1e-4)
    assert heights[0] == pytest.approx([listed[1], 0, listed[4], listed[5]], abs=5.1e-4)
    assert (heights[1:, 1:] == 0).all()
    assert explorer.sums[0].texts[1] == "not held"
    for below, above in zip(explorer.parts[1], explorer.parts[1][1:], strict=False):
        assert ends(above)[0] == pytest.approx(ends(below)[1])
    totals = ends(explorer.parts[1][-1])[1]
    assert totals == pytest.approx(found(ALL, explorer.description), abs=5.1e-4)
    assert explorer.now.get_xdata() == [list(METHODS).index("RLOO")]
    assert len(explorer.sums[0].texts) == len(MODELS)


def test_the_line_of_the_card_is_drawn_where_it_lies():
    assert at(MemoryCalculator).card.get_ydata()[0] == 80
    assert np.isnan(at(MemoryCalculator, num_parameters=0.125).card.get_ydata()[0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"adapter_off": True}, "adapter_off is idle: there is no adapter."),
        (
            {"adapter_off": True, "lora_rank": 4, "method": "SFT"},
            "adapter_off is idle: this method has no reference.",
        ),
        ({"zero_stage": 0}, "num_devices is idle: stage 0 divides nothing."),
        ({"num_devices": 1}, "zero_stage is idle: one device."),
    ],
)
def test_a_control_that_does_nothing_says_so(settings, words):
    explorer = at(MemoryCalculator, **settings)
    assert words in explorer.description
    assert words in explorer.notes.texts
    idle = words.split()[0]
    other = {"adapter_off": False, "num_devices": 64, "zero_stage": 3}[idle]
    before = [ends(bars) for bars in explorer.parts[0]]
    explorer.set(**{idle: other})
    assert (before == np.array([ends(bars) for bars in explorer.parts[0]])).all()
