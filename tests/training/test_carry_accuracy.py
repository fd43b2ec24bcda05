"""Exact accuracy against all 271,453 completions, and against full passes."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.carry_addition import (
    END,
    MAX_SYMBOLS,
    SYMBOLS,
    all_prompts,
    completion_tokens,
    prompt_tokens,
)
from rlnotes.data.carry_rewards import right_completions, verify
from rlnotes.exact.prefix_tree import all_completions, prefix_tree
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.carry_accuracy import (
    completion_log_probs,
    exact_accuracy,
    exact_length,
    note_probability,
)
from rlnotes.training.carry_model import untrained_model

PAIRS = [(17, 25), (10, 10)]
PROMPTS = torch.stack([prompt_tokens(*pair) for pair in PAIRS])


@pytest.fixture(scope="module")
def model():
    """Far from uniform: each probability tells whether the right one was read."""
    model = untrained_model(torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(1.5)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def tree(model):
    """[2, 271453] log-probability of every completion, by walking all prefixes."""
    return prefix_tree(*model.start(PROMPTS), model.step, length=MAX_SYMBOLS, end=END).log_probs


@pytest.fixture(scope="module")
def rows():
    return all_completions(len(SYMBOLS), MAX_SYMBOLS, end=END)


def test_accuracy_is_the_mean_reward_over_all_completions(model, tree, rows):
    prompts = PROMPTS[:, None].expand(-1, len(rows), -1)
    rewards = verify(prompts, rows.expand(2, -1, -1)).double()
    accuracy = exact_accuracy(model, PROMPTS)
    assert_close(accuracy, (tree.exp() * rewards).sum(dim=1))
    assert accuracy.shape == (2,)
    assert abs(accuracy[0] - accuracy[1]) > 0.1 * accuracy.max()


def test_the_note_is_what_all_completions_that_begin_with_one_weigh(model, tree, rows):
    noted = torch.tensor([symbol in "CN" for symbol in SYMBOLS])[rows[:, 0]].double()
    assert_close(note_probability(model, PROMPTS), (tree.exp() * noted).sum(dim=1))


def test_length_is_the_mean_number_of_symbols_and_the_end(model, tree, rows):
    counted = ((rows != END).sum(dim=1) + 1).clamp(max=5).double()
    assert_close(exact_length(model, PROMPTS), (tree.exp() * counted).sum(dim=1))


def test_each_right_completion_has_the_score_of_a_full_pass(model):
    rows = right_completions(PROMPTS)
    actual = completion_log_probs(model, PROMPTS, rows)
    for prompt, completions, scores in zip(PROMPTS, rows, actual, strict=True):
        for tokens, score in zip(completions, scores, strict=True):
            count = 4 if tokens[3] == END and tokens[2] != END else 3
            logits = model(prompt[None], tokens[None, : count - 1])[0]
            log_probs = logits.log_softmax(dim=-1)[torch.arange(count), tokens[:count]]
            assert_close(score, log_probs.sum())


def test_completions_of_any_length_are_scored(model, tree, rows):
    texts = (".", "C", "4242.", "CN042")
    tokens = torch.stack([completion_tokens(text) for text in texts])
    places = [(rows == row).all(dim=1).nonzero().item() for row in tokens]
    actual = completion_log_probs(model, PROMPTS, tokens.expand(2, -1, -1))
    assert_close(actual, tree[:, places])
    one = completion_log_probs(model, PROMPTS, tokens[:1].expand(2, -1, -1))
    assert_close(one, actual[:, :1])


def test_single_precision_sums_in_double(model):
    accuracy = exact_accuracy(untrained_model(torch.Generator().manual_seed(1)), all_prompts())
    assert accuracy.dtype == torch.float64
    assert accuracy.shape == (1_600,)
    assert ((accuracy > 0) & (accuracy < 1)).all()


def test_the_gradient_of_accuracy_against_finite_differences():
    model, step = untrained_model(torch.Generator().manual_seed(2)).double(), 1e-5
    (exact_accuracy(model, PROMPTS).sum() + note_probability(model, PROMPTS).sum()).backward()
    for weights, place in [
        (model.head.bias, (5,)),
        (model.trunk.embed.weight, (13, 3)),
        (model.trunk.blocks[1].narrow.weight, (4, 7)),
    ]:
        slope = weights.grad[place].item()
        values = []
        with torch.no_grad():
            for change in (step, -2 * step):
                weights[place] += change
                values.append(exact_accuracy(model, PROMPTS).sum())
                values[-1] = (values[-1] + note_probability(model, PROMPTS).sum()).item()
            weights[place] += step
        assert slope == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5, abs=1e-9)
        assert abs(slope) > 1e-5


OTHER = TinyLM(torch.Generator().manual_seed(0))


@pytest.mark.parametrize("measure", [exact_accuracy, note_probability, exact_length])
def test_bad_input_names_the_argument(model, measure):
    with pytest.raises(ValueError, match="model must have a head of 13 outputs, got 8"):
        measure(OTHER, PROMPTS)
    with pytest.raises(ValueError, match="prompts must"):
        measure(model, PROMPTS[..., :4])


@pytest.mark.parametrize("shape", [(2, 5), (1, 13, 5), (2, 13, 5, 1)])
def test_completions_that_do_not_belong_to_the_prompts_are_refused(model, shape):
    with pytest.raises(ValueError, match=r"completions must have shape \[2, K, T\], got \("):
        completion_log_probs(model, PROMPTS, torch.ones(shape).long())
