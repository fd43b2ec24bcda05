"""Sampling: frequencies against an exact tree, what is scored, what is drawn from."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.prefix_tree import PrefixTree, all_completions, prefix_tree
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.sampling import sample_replies
from rlnotes.models.tiny_lm import TinyLM

NUM = 20_000
PROMPT = torch.tensor([[4, 5]])
REPLIES = all_completions(4, 3, end=0)  # 1 + 3 + 9 + 27
WAYS = [
    {},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"top_p": 0.7},
    {"min_words": 2},
    {"min_words": 3},
    {"temperature": 0.8, "top_p": 0.9, "min_words": 1},
]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_model(seed=0):
    model = TinyLM(seeded(seed), num_outputs=4, num_tokens=6, length=5, width=8, num_blocks=1)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(2.0)
    return model


def exact_tree(model) -> PrefixTree:
    with torch.no_grad():
        return prefix_tree(*model.start(PROMPT), model.step, length=3, end=0)


def sampler_row(probs, *, words_before, temperature=1.0, top_p=1.0, min_words=0):
    """One row of probabilities as the sampler changes it, in plain Python."""
    if words_before < min_words:
        probs = [0.0, *probs[1:]]
    powers = [prob ** (1 / temperature) for prob in probs]
    total, kept, reached = sum(powers), [0.0] * len(probs), 0.0
    for symbol in sorted(range(len(probs)), key=lambda symbol: -powers[symbol]):
        if reached < top_p:
            kept[symbol] = powers[symbol]
            reached += powers[symbol] / total
    return [power / sum(kept) for power in kept]


def sampler_tree(model, **way) -> PrefixTree:
    levels = []
    for t, level in enumerate(exact_tree(model).levels):
        rows = [sampler_row(row, words_before=t, **way) for row in level[0].exp().tolist()]
        levels.append(torch.tensor([rows], dtype=torch.float64).log())
    return PrefixTree(tuple(levels), end=0)


def sample(model, num=NUM, seed=3, **way):
    return sample_replies(model, PROMPT.expand(num, 2), generator=seeded(seed), length=3, **way)


def places(tokens):
    number = {tuple(row): place for place, row in enumerate(REPLIES.tolist())}
    return torch.tensor([number[tuple(row)] for row in tokens.tolist()])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_frequencies_are_those_of_the_exact_tree(way):
    model = random_model()
    samples, probs = sample(model, **way), sampler_tree(model, **way).log_probs[0].exp()
    assert probs.sum().item() == pytest.approx(1)
    counts = places(samples.tokens).bincount(minlength=len(REPLIES)).double()
    # A reply that is expected less than once may come up once or twice.
    spread = (NUM * probs * (1 - probs)).sqrt().clamp(min=1.0)
    assert ((counts - NUM * probs).abs() < 5 * spread).all()
    assert (counts[probs == 0] == 0).all()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_both_log_probs_are_those_of_their_tree(way):
    model = random_model()
    samples = sample(model, num=500, **way)
    index = places(samples.tokens)
    whole = exact_tree(model).token_log_probs[0, index]
    drawn_from = sampler_tree(model, **way).token_log_probs[0, index]
    assert_close(samples.log_probs, whole, atol=1e-5, rtol=1e-5)
    assert_close(samples.sampling_log_probs, drawn_from.float(), atol=1e-5, rtol=1e-5)


def test_without_a_change_what_is_scored_is_what_was_drawn_from():
    samples = sample(random_model(), num=500)
    assert_close(samples.log_probs, samples.sampling_log_probs, atol=1e-6, rtol=0)


def test_a_reply_stops_at_its_end_and_the_rest_is_padding():
    samples = sample(random_model(), num=2_000)
    lengths = set()
    for tokens, mask, *scores in zip(*(part.tolist() for part in samples), strict=True):
        length = tokens.index(0) + 1 if 0 in tokens else 3
        lengths.add((length, 0 in tokens))
        assert tokens[length:] == [0] * (3 - length)
        assert mask == [True] * length + [False] * (3 - length)
        for row in scores:
            assert all(score < 0 for score in row[:length])
            assert row[length:] == [0.0] * (3 - length)
    assert lengths == {(1, True), (2, True), (3, True), (3, False)}


@pytest.mark.parametrize("min_words", [0, 1, 2, 3])
def test_no_reply_is_shorter_than_asked_for(min_words):
    words = (sample(random_model(), num=3_000, min_words=min_words).tokens != 0).sum(dim=1)
    assert words.min() == min_words


def test_another_symbol_may_be_the_end():
    samples = sample(random_model(), num=2_000, end=np.int64(2))
    ended = (samples.tokens == 2).long().cumsum(dim=1)
    assert torch.equal(samples.mask, ended - (samples.tokens == 2).long() == 0)
    assert (samples.tokens[~samples.mask] == 2).all()
    assert ((samples.tokens == 0) & samples.mask).any()


def test_each_prompt_gets_a_reply_of_its_own():
    model, prompts = random_model(), torch.tensor([[4, 5], [5, 4]]).repeat(200, 1)
    samples = sample_replies(model, prompts, generator=seeded(), length=3)
    with torch.no_grad():
        logits = model(prompts, samples.tokens[:, :-1])
    scores = torch.log_softmax(logits, dim=-1).gather(2, samples.tokens[..., None]).squeeze(2)
    assert_close(samples.log_probs, scores * samples.mask, atol=1e-5, rtol=1e-5)


def test_samples_depend_on_the_generator_and_on_nothing_else():
    model, before = random_model(), torch.random.get_rng_state()
    one, same, other = (sample(model, num=50, seed=seed) for seed in (0, 0, 1))
    for first, second in zip(one, same, strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one.tokens, other.tokens)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not one.log_probs.requires_grad


def mean_log_ratio(model, reference, **way):
    """What the mean of log pi - log pi_ref tends to over the sampler's replies."""
    probs = sampler_tree(model, **way).log_probs[0].exp()
    log_ratios = (exact_tree(model).log_probs - exact_tree(reference).log_probs)[0]
    return (probs * log_ratios.double()).sum().item()


def test_the_mean_log_ratio_is_the_kl_only_if_the_sampler_is_the_policy():
    model, reference = random_model(0), random_model(1)
    kl = kl_divergence(exact_tree(model).log_probs, exact_tree(reference).log_probs).item()
    assert mean_log_ratio(model, reference) == pytest.approx(kl, abs=1e-5)
    samples = sample(model)
    log_ratios = exact_tree(model).log_probs - exact_tree(reference).log_probs
    drawn = log_ratios[0, places(samples.tokens)]
    error = drawn.std().item() / math.sqrt(NUM)
    assert drawn.mean().item() == pytest.approx(kl, abs=5 * error)
    for way in WAYS[1:]:
        assert abs(mean_log_ratio(model, reference, **way) - kl) > 5 * error, way


@pytest.mark.parametrize(
    ("way", "change"),
    [
        ({"top_p": 0.5}, [0.0, -0.3, 0.0, 0.0]),  # the policy says 1 less often,
        ({"temperature": 0.3}, [0.0, -0.3, 0.0, 0.0]),  # these samplers say it more often
        ({"min_words": 3}, [1.0, 0.0, 0.0, 0.0]),  # it ends more often, this one never
    ],
    ids=str,
)
def test_a_changed_sampler_can_make_the_mean_log_ratio_negative(way, change):
    policy, reference = random_model(), random_model()
    for model, scale in ((policy, 1.0), (reference, 0.0)):
        with torch.no_grad():
            model.head.weight.zero_()
            biases = torch.tensor([0.0, 1.5, 1.0, -1.0]) + scale * torch.tensor(change)
            model.head.bias.copy_(biases)
    kl = kl_divergence(exact_tree(policy).log_probs, exact_tree(reference).log_probs).item()
    assert kl > 0.01
    assert mean_log_ratio(policy, reference) == pytest.approx(kl, abs=1e-5)
    assert mean_log_ratio(policy, reference, **way) < -0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature must be positive and finite, got 0.0"),
        ({"top_p": 1.1}, r"top_p must lie in \(0, 1\], got 1.1"),
        ({"top_p": 0.0}, "top_p must be positive and finite, got 0.0"),
        ({"min_words": 4}, "min_words must be an integer from 0 to 3, got 4"),
        ({"min_words": -1}, "min_words must be an integer from 0 to 3, got -1"),
        ({"length": 0}, "length must be a positive integer, got 0"),
        ({"length": 5}, "length must be at most 4, got 5"),
        ({"end": 4}, r"end must be an integer in \[0, 4\), got 4"),
        ({"end": True}, r"end must be an integer in \[0, 4\), got True"),
        ({"end": -1}, r"end must be an integer in \[0, 4\), got -1"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        sample_replies(random_model(), PROMPT, **{"generator": seeded(), "length": 3, **change})


def test_a_model_of_one_number_says_nothing():
    judge = TinyLM(torch.Generator().manual_seed(0), num_outputs=1)
    with pytest.raises(ValueError, match="model must have a head of words, got 1 output"):
        sample_replies(judge, torch.zeros(2, 2).long(), generator=torch.Generator())


# Groups, and replies that have all ended.


def test_a_group_is_drawn_as_repeated_prompts_are():
    model, prompts = random_model(), torch.tensor([[4, 5], [5, 4], [4, 4]])
    grouped = sample_replies(model, prompts, generator=seeded(3), group_size=7, length=3)
    repeated = sample_replies(model, prompts.repeat_interleave(7, 0), generator=seeded(3), length=3)
    assert torch.equal(grouped.tokens, repeated.tokens)
    assert torch.equal(grouped.mask, repeated.mask)
    assert_close(grouped.log_probs, repeated.log_probs)


def test_when_all_replies_have_ended_nothing_more_is_read(monkeypatch):
    model = random_model()
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([50.0, 0.0, 0.0, 0.0]))
    monkeypatch.setattr(model, "step", None)
    tokens, mask, *tables = sample_replies(model, PROMPT, generator=seeded(), length=3)
    assert tokens.tolist() == [[0, 0, 0]]
    assert mask.tolist() == [[True, False, False]]
    assert all(table[0, 1:].tolist() == [0, 0] for table in tables)


def test_after_replies_that_have_all_ended_stands_their_end():
    model = random_model()
    with torch.no_grad():
        model.head.bias[2] = 1e4
    samples = sample(model, num=3, end=2)
    assert samples.tokens.tolist() == [[2, 2, 2]] * 3
    assert samples.mask.tolist() == [[True, False, False]] * 3


def test_the_last_word_need_not_be_read():
    model = random_model()  # it reads five tokens, two of them the prompt's
    settings = {"generator": seeded(), "min_words": 4}
    replies = sample_replies(model, PROMPT, length=4, **settings)
    assert replies.mask.all()
    assert replies.tokens.shape == (1, 4)
    with pytest.raises(ValueError, match="length must be at most 4, got 5"):
        sample_replies(model, PROMPT, length=5, **settings)
