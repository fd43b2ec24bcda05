"""The help desk: rewards by hand, shares of the demonstrations, words and tokens."""

import itertools
import math

import pytest
import torch

from rlnotes.data.help_desk import (
    END,
    PROMPTS,
    SYMBOLS,
    TOKENS,
    demonstrations,
    gold_rewards,
    prompt_tokens,
    reply_text,
    reply_tokens,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def reward(prompt: str, text: str) -> float:
    return gold_rewards(torch.tensor(PROMPTS.index(prompt)), reply_tokens(text)).item()


def plain_reward(prompt: str, words: tuple[str, ...]) -> float:
    """The list of rules once more, one word at a time."""
    mood, topic = prompt.split()
    total = 0.5 if words[:1] == ("hi",) else 0.0
    for place, word in enumerate(words):
        if word in words[:place]:
            total -= 2
        elif word in ("open", "refund", "price"):
            total += 2 if word == topic else -1.5
        elif word == "thanks":
            total += 0.75
        elif word == "sorry":
            total += 1 if mood == "angry" else -0.5
    if words[-1:] == ("!",):
        total += 0.5 if mood == "calm" else -1
    return total - 0.5 * ("!" in words[:-1])


def test_there_are_six_prompts_and_their_tokens_come_after_the_symbols():
    assert PROMPTS == (
        "calm open",
        "calm refund",
        "calm price",
        "angry open",
        "angry refund",
        "angry price",
    )
    assert len(SYMBOLS) == 8
    assert len(TOKENS) == 13
    for name, (mood, topic) in zip(PROMPTS, prompt_tokens().tolist(), strict=True):
        assert f"{TOKENS[mood]} {TOKENS[topic]}" == " ".join(f"<{word}>" for word in name.split())


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        ("calm open", "", 0.0),
        ("calm open", "open", 2.0),
        ("calm open", "hi open thanks !", 3.75),  # .5 + 2 + .75 + .5
        ("calm open", "refund price", -3.0),  # two other topics
        ("calm refund", "hi sorry refund", 2.0),  # .5 - .5 + 2
        ("calm refund", "refund hi", 2.0),  # hi counts at the front only
        ("calm refund", "! refund", 1.5),  # 2, and a ! too early
        ("calm price", "! price !", 0.0),  # 2, .5 at the end, -.5 before it, -2 for the second
        ("calm price", "price price price", -2.0),  # 2 - 2 * 2
        ("calm price", "thanks thanks", -1.25),  # .75 - 2
        ("angry open", "hi sorry open thanks", 4.25),  # .5 + 1 + 2 + .75
        ("angry open", "!", -1.0),
        ("angry open", "hi hi hi hi hi", -7.5),  # .5 - 4 * 2
        ("angry refund", "sorry refund !", 2.0),  # 1 + 2 - 1
        ("angry refund", "! sorry refund open", 1.0),  # -.5 + 1 + 2 - 1.5
        ("angry price", "refund price refund", -1.5),  # -1.5 + 2 - 2
        ("angry price", "! !", -3.5),  # -1 - .5 - 2
        ("angry price", "hi sorry price thanks !", 3.25),  # five words, no full stop
    ],
)
def test_gold_rewards_by_hand(prompt, text, expected):
    assert reward(prompt, text) == expected


def test_every_reply_to_every_prompt_by_the_rules_one_word_at_a_time():
    values, best = set(), dict.fromkeys(PROMPTS, -math.inf)
    for length in range(6):
        texts = list(itertools.product(SYMBOLS[1:], repeat=length))
        replies = torch.stack([reply_tokens(" ".join(words)) for words in texts])
        for number, prompt in enumerate(PROMPTS):
            expected = [plain_reward(prompt, words) for words in texts]
            actual = gold_rewards(torch.full((len(texts),), number), replies)
            assert actual.tolist() == expected  # halves and quarters are exact
            values |= set(expected)
            best[prompt] = max(best[prompt], *expected)
    assert len(values) == 51
    assert list(best.values()) == [3.75, 3.75, 3.75, 4.25, 4.25, 4.25]  # mean 4


def test_what_follows_the_end_does_not_count():
    replies = torch.randint(len(SYMBOLS), (500, 5), generator=seeded(1))
    prompts = torch.randint(len(PROMPTS), (500,), generator=seeded(2))
    after = (replies == END).long().cumsum(dim=1) > 0
    assert after[:, :-1].any()
    cut = torch.where(after, END, replies)
    assert torch.equal(gold_rewards(prompts, replies), gold_rewards(prompts, cut))


def test_leading_axes_are_kept():
    prompts, replies = torch.zeros(2, 3).long(), reply_tokens("open").expand(2, 3, 5)
    assert gold_rewards(prompts, replies).tolist() == [[2.0] * 3] * 2
    assert gold_rewards(prompts[:0], replies[:0]).shape == (0, 3)


def test_words_to_tokens_and_back():
    for length in range(6):
        for words in itertools.product(SYMBOLS[1:], repeat=length):
            text = " ".join(words if length == 5 else (*words, "."))
            tokens = reply_tokens(text)
            assert reply_text(tokens) == text
            assert tokens.tolist() == [SYMBOLS.index(w) for w in words] + [END] * (5 - length)
    assert torch.equal(reply_tokens("hi open"), reply_tokens("hi open ."))
    assert reply_text(torch.tensor([1, 0, 5, 5, 5])) == "hi ."


def word_distribution(angry: bool, topic: str, num_slots: int = 5) -> dict[tuple, float]:
    """Every demonstration before the cut, slot by slot, with its probability."""
    sorry = 0.45 if angry else 0.2
    any_topic = dict.fromkeys(("open", "refund", "price"), 0.35 / 3)
    named = {**any_topic, topic: 0.5 + 0.35 / 3}
    planned = [{"hi": 0.4}, {"sorry": sorry}, named, {"thanks": 0.3}, {"!": 0.3}]
    replies = {(): 1.0}
    for slot in planned[:num_slots]:
        extra = {(word,): 0.06 / 7 for word in SYMBOLS[1:]} | {(): 0.94}
        kept = {(word,): 0.97 * prob for word, prob in slot.items()}
        kept[()] = 1 - sum(kept.values())
        for part in (extra, kept):
            longer = {}
            for words, prob in replies.items():
                for more, chance in part.items():
                    key = (words + more)[:5]
                    longer[key] = longer.get(key, 0.0) + prob * chance
            replies = longer
    return replies


@pytest.mark.parametrize("prompt", ["calm price", "angry open"])
def test_demonstrations_have_the_stated_shares(prompt):
    mood, topic = prompt.split()
    exact = word_distribution(mood == "angry", topic)
    data = demonstrations(600_000, seeded(3))
    chosen = data.replies[data.prompts == PROMPTS.index(prompt)]
    numbers, counts = (chosen @ 8 ** torch.arange(5)).unique(return_counts=True)
    drawn = {}
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        row = [number // 8**t % 8 for t in range(5)]
        drawn[tuple(SYMBOLS[token] for token in row if token != END)] = count / len(chosen)

    events = {
        "empty": lambda words: not words,
        "hi first": lambda words: words[:1] == ("hi",),
        "five words": lambda words: len(words) == 5,
        "planned all": lambda words: words == ("hi", "sorry", topic, "thanks", "!"),
        "a word twice": lambda words: len(set(words)) < len(words),
        "! last": lambda words: words[-1:] == ("!",),
        "! early": lambda words: "!" in words[:-1],
        **{f"says {word}": lambda words, word=word: word in words for word in SYMBOLS[1:]},
    }
    for name, event in events.items():
        share = sum(prob for words, prob in exact.items() if event(words))
        spread = math.sqrt(share * (1 - share) / len(chosen))
        seen = sum(part for words, part in drawn.items() if event(words))
        assert seen == pytest.approx(share, abs=5 * spread), name


def test_prompts_of_demonstrations_are_uniform():
    counts = demonstrations(60_000, seeded(4)).prompts.bincount(minlength=6)
    spread = math.sqrt(60_000 / 6 * 5 / 6)
    assert (counts - 10_000).abs().max() < 5 * spread


def test_no_demonstration_has_an_end_before_a_word():
    data = demonstrations(5_000, seeded())
    is_end = data.replies == END
    assert data.replies.shape == (5_000, 5)
    assert not (is_end[:, :-1] & ~is_end[:, 1:]).any()
    assert is_end.all(dim=1).any()


def test_demonstrations_depend_on_the_generator_and_on_nothing_else():
    before = torch.random.get_rng_state()
    one, same, other = (demonstrations(50, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.replies, same.replies)
    assert torch.equal(one.prompts, same.prompts)
    assert not torch.equal(one.replies, other.replies)
    assert torch.equal(before, torch.random.get_rng_state())


OPEN, ZERO = reply_tokens("open"), torch.tensor(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reply_tokens("hello"), "text must be of the words .* got 'hello'"),
        (lambda: reply_tokens("hi . open"), r"text must be of the words .* got '\.'"),
        (lambda: reply_tokens("hi hi hi hi hi hi"), "text must have at most 5 words, got 6"),
        (lambda: reply_tokens(5), "text must be words in a string, got 5"),
        (lambda: reply_text(OPEN[:4]), r"tokens must have shape \(5,\), got \(4,\)"),
        (lambda: reply_text(OPEN - 1), r"tokens must lie in \[0, 8\), got -1"),
        (lambda: reply_text([1, 2, 3, 4, 5]), "tokens must be an int64 tensor, got list"),
        (lambda: gold_rewards(ZERO + 6, OPEN), r"prompts must lie in \[0, 6\), got 6"),
        (lambda: gold_rewards(ZERO - 1, OPEN), r"prompts must lie in \[0, 6\), got -1"),
        (lambda: gold_rewards(ZERO, OPEN + 5), r"replies must lie in \[0, 8\), got 8"),
        (lambda: gold_rewards(ZERO.int(), OPEN), "prompts must be an int64 tensor, got torch.int3"),
        (lambda: gold_rewards(0, OPEN), "prompts must be an int64 tensor, got int"),
        (lambda: gold_rewards(ZERO, OPEN.float()), "replies must be an int64 .* got torch.float"),
        (lambda: gold_rewards(ZERO, OPEN[:4]), r"replies must have shape \(5,\), got \(4,\)"),
        (lambda: gold_rewards(ZERO[None], OPEN), r"replies must have shape \(1, 5\), got \(5,\)"),
        (lambda: demonstrations(0, seeded()), "num must be a positive integer, got 0"),
        (lambda: demonstrations(2.0, seeded()), "num must be a positive integer, got 2.0"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
