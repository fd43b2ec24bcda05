"""The policy that points: by loops, padding, order of segments, start, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.models.pointer_heads import NUM_FORMATS, PADDING_SCORE
from tests.models.small_pages import (
    NUM_FIELDS,
    NUM_NUMBERS,
    NUM_PAIRS,
    NUM_SIDES,
    NUM_WORDS,
    Page,
    joined,
    new_policy,
    permuted,
    random_page,
    random_policy,
)
from tests.models.test_tiny_lm import affine, normalized, plus


def gelu(row):
    return [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row]


def shares(scores):
    exponentials = [math.exp(score) for score in scores]
    return [each / sum(exponentials) for each in exponentials]


def attention_by_hand(rows, block, weights, pairs):
    """Attention with a bias; weights [heads][kinds], pairs[kind][first][second]."""
    width, heads = len(rows[0]), block.num_heads
    size = width // heads
    parts = [affine(normalized(row, block.norm_1), block.query_key_value) for row in rows]
    results = []
    for i, part in enumerate(parts):
        seen = []
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            scores = []
            for j, other in enumerate(parts):
                score = sum(
                    q * k for q, k in zip(part[own], other[width:][own], strict=True)
                ) / math.sqrt(size)
                if i and j:  # place 0 is the whole page
                    score += sum(
                        weight * kind[i - 1][j - 1]
                        for weight, kind in zip(weights[head], pairs, strict=True)
                    )
                scores.append(score)
            held = [other[2 * width :][own] for other in parts]
            for entry in range(size):
                values = [row[entry] for row in held]
                seen.append(sum(p * v for p, v in zip(shares(scores), values, strict=True)))
        results.append(affine(seen, block.project))
    return results


def features_by_hand(policy, page):
    table = policy.words.weight.tolist()
    own = []
    for words, numbers in zip(page.words, page.numbers.tolist(), strict=True):
        scale = math.sqrt(max(len(words), 1))
        bag = [sum(table[word][d] for word in words) / scale for d in range(len(table[0]))]
        own.append([a + b for a, b in zip(bag, affine(numbers, policy.read), strict=True)])
    nothing = [0.0] * len(own[0])
    mixed = []
    for i, row in enumerate(own):
        total = row
        for side, layer in enumerate(policy.beside):
            place = page.neighbours[i][side]
            (total,) = plus([total], [affine(nothing if place < 0 else own[place], layer)])
        mixed.append(affine(gelu(total), policy.mix))
    rows = [policy.whole.tolist(), *plus(own, mixed)]
    for block, weights in zip(policy.blocks, policy.bias.tolist(), strict=True):
        rows = plus(rows, attention_by_hand(rows, block, weights, page.pairs.tolist()))
        wide = [affine(normalized(row, block.norm_2), block.widen) for row in rows]
        rows = plus(rows, [affine(gelu(row), block.narrow) for row in wide])
    return [normalized(row, policy.norm) for row in rows]


@pytest.mark.parametrize("count", [1, 3])
def test_the_forward_pass_by_loops_over_plain_numbers(count):
    policy = random_policy().double()
    page = random_page(count, seed=count)
    whole, *segments = features_by_hand(policy, page)
    choices = policy(joined(page, dtype=torch.float64))
    absent, scores = affine(whole, policy.absent), [affine(row, policy.pointer) for row in segments]
    formats = [affine(row, policy.format) for row in segments]
    for field in range(NUM_FIELDS):
        pointed = shares([absent[field], *(row[field] for row in scores)])
        expected = [[pointed[0], 0.0, 0.0]]
        for place, row in zip(pointed[1:], formats, strict=True):
            own = shares(row[NUM_FORMATS * field : NUM_FORMATS * (field + 1)])
            expected.append([place * share for share in own])
        assert_close(choices.pointers[0, field].exp().tolist(), expected)
    taken = [1 / (1 + math.exp(-affine(row, policy.line)[0])) for row in segments]
    assert_close(choices.lines[0].exp().tolist(), [[1 - each, each] for each in taken])
    assert_close(choices.line_format[0].exp().tolist(), shares(affine(whole, policy.line_format)))
    assert_close(choices.values.tolist(), affine(whole, policy.value))


def test_all_probabilities_sum_to_one():
    choices = random_policy()(joined(random_page(4, 0), random_page(2, 1)))
    for part, axes in ((choices.pointers, (-2, -1)), (choices.lines, -1), (choices[2], -1)):
        sums = part.exp().sum(dim=axes)
        assert_close(sums, torch.ones_like(sums))


def test_absent_has_the_first_format_only():
    choices = random_policy()(joined(random_page(4, 0), random_page(2, 1)))
    assert (choices.pointers[:, :, 0, 1:].exp() == 0).all()
    assert (choices.pointers[:, :, 0, 0].exp() > 0).all()


def real_part(choices, row, count):
    """The choices of one document, without its padding."""
    pointers, lines, line_format, values = (part[row] for part in choices)
    return pointers[:, : count + 1], lines[:count], line_format, values


@pytest.mark.parametrize("filling", [0.0, 1e3])
def test_padding_changes_nothing(filling):
    policy, counts = random_policy(), (2, 5, 1)
    pages = [random_page(count, seed=count) for count in counts]
    together = policy(joined(*pages, length=7, filling=filling))
    for row, (count, page) in enumerate(zip(counts, pages, strict=True)):
        alone = real_part(policy(joined(page)), 0, count)
        assert_close(real_part(together, row, count), alone, atol=1e-5, rtol=1e-5)


def test_padding_has_no_probability_and_reaches_no_gradient():
    policy = random_policy()
    pages = joined(random_page(3, 0), random_page(1, 1))
    numbers = pages.numbers.clone().requires_grad_()
    choices = policy(pages._replace(numbers=numbers))
    assert (choices.pointers[1, :, 2:].exp() == 0).all()
    assert (choices.lines[1, 1:, 1].exp() == 0).all()
    assert (choices.lines[1, 1:, 0] == 0).all()
    real = [*real_part(choices, 0, 3), *real_part(choices, 1, 1)]
    # Of the choices that are there; absent in another format is none.
    counted = [part[part > PADDING_SCORE / 2].square().sum() for part in real]
    sum(counted).backward()
    assert (numbers.grad[1, 1:] == 0).all()
    assert (numbers.grad[pages.mask] != 0).any(dim=-1).all()


def test_no_log_probability_of_what_is_there_comes_near_the_score_of_padding():
    policy = random_policy()
    together = policy(joined(random_page(2, 0), random_page(6, 1)))
    for row, count in enumerate((2, 6)):
        pointers, lines, line_format, values = real_part(together, row, count)
        real = [pointers[:, 0, 0], pointers[:, 1:], lines, line_format, values]
        assert all(part.abs().max() < 100 for part in real)


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_another_order_of_segments_is_another_order_of_choices(order):
    policy, page = random_policy(), random_page(4, 3)
    before = policy(joined(page))
    after = policy(joined(permuted(page, order)))
    places = [0, *(old + 1 for old in order)]
    assert_close(after.pointers, before.pointers[:, :, places], atol=1e-5, rtol=1e-5)
    assert_close(after.lines, before.lines[:, order], atol=1e-5, rtol=1e-5)
    assert_close(after.line_format, before.line_format, atol=1e-5, rtol=1e-5)
    assert_close(after.values, before.values, atol=1e-5, rtol=1e-5)
    assert (after.lines - before.lines).abs().max() > 1e-2  # so the order is no matter of chance


def test_every_part_of_a_page_is_read():
    policy, page = random_policy(), random_page(3, 4)
    before = policy(joined(page)).pointers
    first_word = [[(page.words[0] or [0])[0] + 1], *page.words[1:]]
    changes = {
        "words": [[row % NUM_WORDS for row in words] for words in first_word],
        "numbers": page.numbers + 1,
        "neighbours": [[1, 2], [2, 0], [0, 1]],
        "pairs": page.pairs.flip(0),
    }
    for name, changed in changes.items():
        after = policy(joined(page._replace(**{name: changed}))).pointers
        assert (after - before).abs().max() > 1e-3, name


def test_a_page_without_a_word():
    page = random_page(3, 5)._replace(words=[[], [], []])
    choices = random_policy()(joined(page))
    assert len(joined(page).word_rows) == 0
    assert all(part.isfinite().all() for part in choices)


def test_words_count_by_the_root_of_their_number():
    page = random_page(1, 6)
    policy = new_policy()
    with torch.no_grad():
        policy.read.weight.zero_()
    once, four_times = (
        policy.words.weight[3] * scale
        for scale in (1, 2)  # 4 / sqrt(4)
    )
    for words, expected in (([3], once), ([3] * 4, four_times)):
        own = []
        policy.mix.register_forward_pre_hook(lambda _, inputs, own=own: own.append(inputs[0]))
        policy(joined(page._replace(words=[words], neighbours=[[-1, -1]])))
        assert_close(own[0][0, 0], torch.nn.functional.gelu(expected))


def test_the_start_by_its_moments():
    policy = new_policy(width=64, num_heads=4)
    assert policy.words.weight.std().item() == pytest.approx(0.1, rel=0.15)
    assert policy.bias.std().item() == pytest.approx(0.2, rel=0.4)
    assert policy.mix.weight.std().item() == pytest.approx(1 / 8, rel=0.1)
    for weights in (policy.value.weight, policy.line.weight, policy.pointer.bias, policy.whole):
        assert (weights == 0).all()
    choices = policy(joined(random_page(3, 0)))
    assert (choices.values == 0).all()
    assert_close(choices.lines[..., 1].exp(), torch.full((1, 3), 1 / (1 + math.exp(2))))


def test_start_weights_come_from_the_generator_alone():
    state = torch.get_rng_state()
    one, other, third = (new_policy(seed).state_dict() for seed in (0, 0, 1))
    assert (torch.get_rng_state() == state).all()
    assert all((one[name] == other[name]).all() for name in one)
    assert (one["pointer.weight"] != third["pointer.weight"]).any()


def test_the_number_of_weights():
    width, fields = 8, NUM_FIELDS
    block = 2 * 2 * width + 4 * (width * width + width) + 4 * width * (2 * width + 1) + width
    heads = (width + 1) * (2 * fields + NUM_FORMATS * fields + 1 + NUM_FORMATS + 1)
    reading = NUM_WORDS * width + (NUM_NUMBERS + 1) * width + (NUM_SIDES + 1) * (width + 1) * width
    bias = 2 * 2 * NUM_PAIRS
    expected = reading + width + bias + 2 * block + 2 * width + heads
    assert sum(weights.numel() for weights in new_policy().parameters()) == expected


@pytest.mark.parametrize("name", ["num_words", "width", "num_blocks", "num_heads"])
@pytest.mark.parametrize("number", [0, -1, 2.0, True])
def test_sizes_that_are_no_positive_integers(name, number):
    sizes = {"num_words": 5, "width": 8, "num_blocks": 1, "num_heads": 2} | {name: number}
    with pytest.raises(ValueError, match=f"{name} must be a positive integer, got {number}"):
        type(new_policy())(
            torch.Generator(), num_fields=1, num_numbers=1, num_neighbours=1, num_pairs=1, **sizes
        )


def test_a_width_that_the_heads_cannot_share():
    with pytest.raises(ValueError, match="width must be a multiple of num_heads=3, got 8"):
        new_policy(num_heads=3)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("numbers", lambda pages: pages.numbers[..., :-1]),
        ("numbers", lambda pages: pages.numbers[:1]),
        ("neighbours", lambda pages: pages.neighbours[:, :, :1]),
        ("pairs", lambda pages: pages.pairs[:, :-1]),
        ("pairs", lambda pages: pages.pairs[..., 1:, 1:]),
        ("word_starts", lambda pages: pages.word_starts[1:]),
    ],
)
def test_pages_that_do_not_fit_together(name, change):
    pages = joined(random_page(3, 0), random_page(2, 1))
    with pytest.raises(ValueError, match=f"{name} must have shape"):
        new_policy()(pages._replace(**{name: change(pages)}))


def test_two_documents_are_not_read_with_the_mask_of_one():
    pages = joined(random_page(3, 0), random_page(2, 1))
    with pytest.raises(ValueError, match="numbers must have shape"):
        new_policy()(pages._replace(mask=pages.mask[:1]))


def test_a_page_by_itself_is_made_by_hand():
    page = Page([[1, 2], []], torch.zeros(2, NUM_NUMBERS), [[-1, 1], [0, -1]], torch.zeros(3, 2, 2))
    pages = joined(page, length=3)
    assert pages.word_rows.tolist() == [1, 2]
    assert pages.word_starts.tolist() == [0, 2, 2]
    assert pages.neighbours.tolist() == [[[3, 1], [0, 3], [3, 3]]]
    assert pages.mask.tolist() == [[True, True, False]]
    assert pages.pairs[0, -1].tolist() == [[0, 0, 0, 1]] * 4
