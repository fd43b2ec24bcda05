"""The command that trains a LayoutLMv3 tagger: its rewards, its table, its refusals."""

import re

import pytest
import torch

from rlnotes.bridges import layout_invoices
from rlnotes.bridges.layout_invoices import main, mean_reward
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward
from rlnotes.models.pointer_heads import PADDING_SCORE, Choices
from rlnotes.training.invoices.examples import sample_examples

SMALL = ["--steps", "1", "--imitation-steps", "1", "--documents", "3"]


class FirstAsVendor(torch.nn.Module):
    """Points at the first segment, as printed, for the first field; nothing else."""

    def forward(self, pages):
        batch, length = pages.mask.shape
        pointers = torch.full((batch, len(FIELDS), length + 1, 3), PADDING_SCORE)
        pointers[:, 1:, 0, 0] = 0
        pointers[:, 0, 1, 0] = 0
        lines = torch.tensor([0, PADDING_SCORE]).expand(batch, length, 2)
        form = torch.tensor([[0, PADDING_SCORE, PADDING_SCORE]]).expand(batch, 3)
        return Choices(pointers, lines, form, torch.zeros(batch))


def test_the_mean_reward_of_a_sure_policy():
    examples = sample_examples(11, seed=5)
    expected = [
        invoice_reward(
            {"vendor": example.document.segments[0]}, example.target, weights=REWARD_WEIGHTS
        ).total
        for example in examples
    ]
    assert len(set(expected)) > 3
    reward = mean_reward(FirstAsVendor(), examples, seed=0)
    assert reward == pytest.approx(sum(expected) / 11, abs=1e-6)


def numbers_of(line):
    return [float(number) for number in re.findall(r"\d+\.\d+", line)]


def test_a_tiny_run(capsys, monkeypatch):
    monkeypatch.setattr(layout_invoices, "BATCH", 2)
    assert main(["--model", "tiny", *SMALL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("weights trained, learning rate 0.002")
    assert lines[1].startswith("6 documents in ")
    assert lines[1].endswith(" windows, 0 tokens cut")
    assert lines[2].split() == ["mean", "reward", "after", "steps", "trained", "on", "others"]
    before, after = map(numbers_of, lines[3:])
    assert len(before) == len(after) == 2
    assert before != after
    main(["--model", "tiny", *SMALL])
    assert capsys.readouterr().out.splitlines() == lines
    main(["--model", "tiny", *SMALL, "--seed", "1"])
    assert capsys.readouterr().out.splitlines() != lines


def test_cut_tokens_are_told(capsys, monkeypatch):
    monkeypatch.setattr(layout_invoices, "BATCH", 2)
    main(["--model", "tiny", *SMALL, "--window", "4"])
    line = capsys.readouterr().out.splitlines()[1]
    documents, windows, cut = map(int, re.findall(r"\d+", line))
    assert documents == 6
    assert windows > 6 * 10
    assert cut > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere"], "folder must hold the config.json of a LayoutLMv3, got nowhere"),
        (["--model", "tiny", "--window", "513"], r"window must lie in \[3, 512\]"),
        (["--model", "tiny", "--documents", "0"], "count must be .*got 0"),
        (["--model", "tiny", *SMALL, "--steps", "0"], "num_updates must be .*got 0"),
        (["--model", "tiny", *SMALL, "--learning-rate", "nan"], "learning_rate must be .*got nan"),
        (["--model", "tiny", "--seed", "-1"], "seed .*got -1"),
    ],
)
def test_refusals(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_without_the_extra(monkeypatch, capsys):
    monkeypatch.setattr("rlnotes.bridges.extra.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stopped:
        main(["--model", "tiny"])
    assert stopped.value.code == 2
    assert 'pip install -c constraints.txt -e ".[trl]"' in capsys.readouterr().err
