"""Answers that point: against enumeration of all answers, draws, gradients."""

import math
from itertools import product

import pytest
import torch
from torch.testing import assert_close

from rlnotes.models.pointer_actions import (
    Actions,
    action_log_probs,
    best_actions,
    choice_divergences,
    choice_entropies,
    sample_actions,
)
from rlnotes.models.pointer_heads import NUM_FORMATS, Choices
from tests.models.small_pages import NUM_FIELDS, joined, random_page, random_policy, seeded

PAGE = random_page(2, seed=7)


def field_choices(count):
    """Absent, or a segment counted from 1 in one of three formats."""
    return [(0, 0), *product(range(1, count + 1), range(NUM_FORMATS))]


def every_answer(count):
    """All answers to a page: a choice for each field, lines, their format."""
    return list(
        product(
            *[field_choices(count)] * NUM_FIELDS,
            product((False, True), repeat=count),
            range(NUM_FORMATS),
        )
    )


def as_actions(answers, *, batch=1):
    """The same answers to each document of a batch."""
    segments = torch.tensor([[field[0] for field in answer[:NUM_FIELDS]] for answer in answers])
    formats = torch.tensor([[field[1] for field in answer[:NUM_FIELDS]] for answer in answers])
    lines = torch.tensor([answer[NUM_FIELDS] for answer in answers])
    line_format = torch.tensor([answer[NUM_FIELDS + 1] for answer in answers])
    parts = (segments, formats, lines, line_format)
    return Actions(*(part.expand(batch, *part.shape) for part in parts))


def as_answers(actions, row=0):
    parts = (part[row].tolist() for part in actions)
    return [
        (*zip(segments, formats, strict=True), tuple(lines), line_format)
        for segments, formats, lines, line_format in zip(*parts, strict=True)
    ]


def probability(choices, answer, row=0):
    """Of a whole answer: the product of the probabilities of its decisions."""
    *fields, lines, line_format = answer
    result = choices.line_format[row, line_format].exp().item()
    for field, (segment, form) in enumerate(fields):
        result *= choices.pointers[row, field, segment, form].exp().item()
    for place, taken in enumerate(lines):
        result *= choices.lines[row, place, int(taken)].exp().item()
    return result


def decided(seed=0, page=PAGE, dtype=torch.float64):
    policy = random_policy(seed).to(dtype)
    with torch.no_grad():
        return policy(joined(page, dtype=dtype))


def test_there_are_588_answers_to_a_page_of_two_segments():
    assert len(set(every_answer(2))) == 7 * 7 * 4 * 3


def test_log_probabilities_of_all_answers_against_their_products():
    choices, answers = decided(), every_answer(2)
    log_probs = action_log_probs(choices, as_actions(answers))
    assert log_probs.shape == (1, len(answers), NUM_FIELDS + 1)
    expected = [probability(choices, answer) for answer in answers]
    assert_close(log_probs.sum(dim=-1).exp()[0].tolist(), expected)
    assert sum(expected) == pytest.approx(1, abs=1e-12)


def test_log_probabilities_of_each_decision_by_hand():
    choices = decided()
    ((parts,),) = action_log_probs(choices, as_actions([((2, 1), (0, 0), (True, False), 2)]))
    lines = choices.lines[0, 0, 1] + choices.lines[0, 1, 0] + choices.line_format[0, 2]
    assert_close(parts, torch.stack([*(choices.pointers[0, [0, 1], [2, 0], [1, 0]]), lines]))


def test_log_probabilities_of_a_batch_are_those_of_each_document():
    policy, pages = random_policy(), [random_page(2, 0), random_page(2, 1)]
    together = policy(joined(*pages))
    answers = every_answer(2)[::50]
    log_probs = action_log_probs(together, as_actions(answers, batch=2))
    for row, page in enumerate(pages):
        alone = action_log_probs(policy(joined(page)), as_actions(answers))
        assert_close(log_probs[row], alone[0], atol=1e-5, rtol=1e-5)


def test_with_padding_all_answers_to_the_page_still_sum_to_one():
    choices = random_policy().double()(joined(PAGE, length=4, dtype=torch.float64))
    answers = [(*fields, (*lines, False, False), form) for *fields, lines, form in every_answer(2)]
    log_probs = action_log_probs(choices, as_actions(answers)).sum(dim=-1)
    assert log_probs.exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert log_probs.min() > -300  # nothing of the padding's score is in it


@pytest.mark.parametrize(
    "answer",
    [
        ((0, 1), (0, 0), (False, False, False), 0),  # absent, in another format
        ((3, 0), (0, 0), (False, False, False), 0),  # padding
        ((0, 0), (0, 0), (False, False, True), 0),
    ],
)
def test_what_cannot_be_drawn_has_no_probability(answer):
    choices = random_policy()(joined(PAGE, length=3))
    assert action_log_probs(choices, as_actions([answer])).sum() < -5000


def test_entropies_against_enumeration():
    choices = decided()
    answers = every_answer(2)
    whole = -sum(p * math.log(p) for p in (probability(choices, answer) for answer in answers))
    entropies = choice_entropies(choices)
    assert entropies.shape == (1, NUM_FIELDS + 1)
    assert entropies.sum().item() == pytest.approx(whole, abs=1e-10)
    for field in range(NUM_FIELDS):
        each = [choices.pointers[0, field, s, f].exp().item() for s, f in field_choices(2)]
        expected = -sum(p * math.log(p) for p in each)
        assert entropies[0, field].item() == pytest.approx(expected, abs=1e-10)


def test_divergences_against_enumeration():
    choices, reference = decided(0), decided(1)
    expected = sum(
        p * math.log(p / probability(reference, answer))
        for answer in every_answer(2)
        for p in [probability(choices, answer)]
    )
    divergences = choice_divergences(choices, reference)
    assert divergences.shape == (1, NUM_FIELDS + 1)
    assert divergences.sum().item() == pytest.approx(expected, abs=1e-10)
    assert (divergences > 0).all()
    other_way = choice_divergences(reference, choices).sum().item()
    assert other_way != pytest.approx(expected, rel=0.01)


def test_the_divergence_from_itself_is_zero():
    choices = random_policy()(joined(random_page(3, 0), random_page(1, 1)))
    assert (choice_divergences(choices, choices) == 0).all()


def test_padding_adds_no_entropy_and_no_divergence():
    policy, reference = random_policy(0), random_policy(1)
    pages = [random_page(1, 0), random_page(5, 1)]
    together, alone = joined(*pages), [joined(page) for page in pages]
    for row, page in enumerate(alone):
        assert_close(choice_entropies(policy(together))[row], choice_entropies(policy(page))[0])
        divergences = choice_divergences(policy(together), reference(together))
        expected = choice_divergences(policy(page), reference(page))
        assert_close(divergences[row], expected[0], atol=1e-5, rtol=1e-5)


def test_the_entropy_of_even_odds():
    even = Choices(
        torch.full((1, 1, 2, 3), -math.log(6)).double(),
        torch.full((1, 4, 2), -math.log(2)).double(),
        torch.full((1, 3), -math.log(3)).double(),
        torch.zeros(1),
    )
    expected = [[math.log(6), 4 * math.log(2) + math.log(3)]]
    assert_close(choice_entropies(even).tolist(), expected)


def objective(policy, reference, pages, actions):
    """Everything that a loss is made of, in one number."""
    choices = policy(pages)
    weights = torch.linspace(0.5, 1.5, NUM_FIELDS + 1, dtype=torch.float64)
    total = (action_log_probs(choices, actions) * weights).mean()
    total = total + (choice_entropies(choices) * weights).sum()
    total = total - (choice_divergences(choices, reference) * weights).sum()
    return total + choices.values.square().sum()


def test_gradients_against_finite_differences():
    policy = random_policy(0, num_blocks=1).double()
    pages = joined(PAGE, random_page(4, 8), dtype=torch.float64)
    with torch.no_grad():
        reference = random_policy(1).double()(pages)
        actions = sample_actions(policy(pages), 5, generator=seeded())
    objective(policy, reference, pages, actions).backward()
    generator = seeded(9)
    for name, weights in policy.named_parameters():
        direction = torch.randn(weights.shape, generator=generator, dtype=torch.float64)
        slope = (weights.grad * direction).sum().item()
        ends = []
        for step in (1e-6, -2e-6, 1e-6):
            with torch.no_grad():
                weights += step * direction
                ends.append(objective(policy, reference, pages, actions).item())
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7), name
        assert abs(slope) > 1e-4, name


def test_the_mean_gradient_of_log_probabilities_is_zero():
    policy = random_policy().double()
    choices = policy(joined(PAGE, dtype=torch.float64))
    log_probs = action_log_probs(choices, as_actions(every_answer(2))).sum(dim=-1)
    (log_probs.detach().exp() * log_probs).sum().backward()
    for name, weights in policy.named_parameters():
        assert weights.grad is None or weights.grad.abs().max() < 1e-12, name


def test_frequencies_of_draws_are_their_probabilities():
    choices, answers = decided(dtype=torch.float32), every_answer(2)
    count = 40_000
    drawn = as_answers(sample_actions(choices, count, generator=seeded(1)))
    number = dict.fromkeys(answers, 0)
    for answer in drawn:  # a KeyError for what is no answer
        number[answer] += 1
    chi_square = sum(
        (number[answer] - count * p) ** 2 / (count * p)
        for answer in answers
        for p in [probability(choices, answer)]
    )
    # Its mean is 587 and its variance not far above 2 * 587, rare answers add to it.
    assert chi_square < 587 + 6 * math.sqrt(2 * 587)
    assert chi_square > 587 - 6 * math.sqrt(2 * 587)


def test_each_document_has_draws_of_its_own():
    choices = random_policy()(joined(random_page(2, 0), random_page(2, 1)))
    actions = sample_actions(choices, 5000, generator=seeded(2))
    for row in range(2):
        for field in range(NUM_FIELDS):
            share = (actions.segments[row, :, field] == 1).double().mean().item()
            expected = choices.pointers[row, field, 1].exp().sum().item()
            assert share == pytest.approx(expected, abs=4.5 * 0.5 / math.sqrt(5000))
        shares = actions.lines[row].double().mean(dim=0)
        expected = choices.lines[row, :, 1].exp().double()
        assert_close(shares, expected, atol=4.5 * 0.5 / math.sqrt(5000), rtol=0)


def test_draws_have_shapes_and_types():
    choices = random_policy()(joined(random_page(3, 0), random_page(1, 1)))
    actions = sample_actions(choices, 4, generator=seeded())
    shapes = [(2, 4, NUM_FIELDS), (2, 4, NUM_FIELDS), (2, 4, 3), (2, 4)]
    assert [part.shape for part in actions] == shapes
    assert [part.dtype for part in actions] == [torch.int64, torch.int64, torch.bool, torch.int64]
    assert not any(part.requires_grad for part in actions)


def test_absent_is_drawn_in_the_first_format_and_padding_never():
    choices = random_policy(2)(joined(random_page(1, 0), random_page(4, 1)))
    for actions in (sample_actions(choices, 3000, generator=seeded()), best_actions(choices)):
        assert (actions.formats[actions.segments == 0] == 0).all()
        assert (actions.segments[0] <= 1).all()
        assert not actions.lines[0, :, 1:].any()
        assert action_log_probs(choices, actions).min() > -200


def test_a_seed_gives_the_same_draws_without_other_randomness():
    choices, state = decided(), torch.get_rng_state()
    one, other, third = (sample_actions(choices, 20, generator=seeded(s)) for s in (3, 3, 4))
    assert as_answers(one) == as_answers(other) != as_answers(third)
    assert (torch.get_rng_state() == state).all()


@pytest.mark.parametrize("seed", range(12))
def test_the_best_answer_against_enumeration(seed):
    choices = decided(seed, random_page(2, seed))
    (best,) = as_answers(best_actions(choices))
    assert best == max(every_answer(2), key=lambda answer: probability(choices, answer))


def test_the_best_answers_to_a_batch():
    policy, pages = random_policy(), [random_page(count, count) for count in (3, 1, 2)]
    together = best_actions(policy(joined(*pages)))
    for row, (count, page) in enumerate(zip((3, 1, 2), pages, strict=True)):
        alone = best_actions(policy(joined(page)))
        assert together.segments[row].tolist() == alone.segments[0].tolist()
        assert together.formats[row].tolist() == alone.formats[0].tolist()
        assert together.lines[row, :, :count].tolist() == alone.lines[0].tolist()
        assert together.line_format[row].tolist() == alone.line_format[0].tolist()


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_a_number_of_answers_that_is_none(count):
    with pytest.raises(ValueError, match=f"count must be a positive integer, got {count}"):
        sample_actions(decided(), count, generator=seeded())


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("segments", lambda part: part[:1], "segments must have shape"),
        ("formats", lambda part: part[..., :1], "formats must have shape"),
        ("lines", lambda part: part[..., :1], "lines must have shape"),
        ("lines", lambda part: part[:, :1], "lines must have shape"),
        ("line_format", lambda part: part[:1], "line_format must have shape"),
        ("segments", lambda part: part + 3, r"segments must lie in \[0, 3\), got"),
        ("segments", lambda part: part - 9, r"segments must lie in \[0, 3\), got"),
        ("formats", lambda part: part + 3, r"formats must lie in \[0, 3\), got"),
        ("line_format", lambda part: part - 3, r"line_format must lie in \[0, 3\), got"),
        ("segments", lambda part: part.float(), "segments must be an int64 tensor"),
    ],
)
def test_answers_that_do_not_fit(name, change, message):
    choices = random_policy()(joined(random_page(2, 0), random_page(2, 1)))
    actions = sample_actions(choices, 3, generator=seeded())
    with pytest.raises(ValueError, match=message):
        action_log_probs(choices, actions._replace(**{name: change(getattr(actions, name))}))


def test_a_reference_for_other_documents():
    policy = random_policy()
    two, one = policy(joined(PAGE, PAGE)), policy(joined(PAGE))
    with pytest.raises(ValueError, match=r"common shape, got pointers .*, reference pointers"):
        choice_divergences(two, one)
