"""GRPO: other right forms pass, mistakes as readers write them get their hint."""

import math
import statistics
import warnings

import numpy as np
import pytest
import torch

from rlnotes.exact.group_weights import ADVANTAGES, group_weights, two_answer_moments
from rlnotes.exercises import catalog
from rlnotes.functional.advantages import group_centered_advantages

EXERCISES = catalog()
NAMES = ("group_advantages", "grpo_token_loss", "expected_weight", "grpo_epochs")


def passes(name, right):
    verdict = EXERCISES[name].check(right)
    assert verdict.passed, verdict.message


def hint(name, wrong):
    """What the checker says after "Hint: "; fails if it lets the answer pass."""
    verdict = EXERCISES[name].check(wrong)
    assert not verdict.passed
    return verdict.message.partition("Hint")[2].partition(": ")[2]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", NAMES)
def test_the_solutions_warn_of_nothing(name):
    for solution in EXERCISES[name].solutions:
        passes(name, solution)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (None, "check needs a function, got NoneType."),
        ("r - mean", "check needs a function, got str."),
        (lambda **given: None, "your function returned None. Is a return missing?"),
        (lambda **given: {"answer": 1.0}, "the checker could not read your answer"),
        (lambda **given: "much", "the checker could not read your answer"),
        (lambda **given: np.ones((7, 5, 3)), "got shape (7, 5, 3)"),
        (lambda: 0.0, "Keep the argument names of the exercise."),
    ],
)
def test_strange_answers_are_refused_with_a_sentence(name, candidate, message):
    verdict = EXERCISES[name].check(candidate)
    assert not verdict.passed
    assert message in verdict.message
    assert "rlnotes" not in verdict.message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(name, number):
    def same_shape(**given):
        return np.full_like(EXERCISES[name].solutions[0](**given), number)

    assert not EXERCISES[name].check(same_shape).passed


def by_statistics(rewards):
    for group in rewards.tolist():
        mean, std = statistics.fmean(group), statistics.stdev(group)
        yield [(reward - mean) / (std + 1e-4) for reward in group]


def in_single_precision(rewards):
    rewards = torch.tensor(rewards, dtype=torch.float32)
    return (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)


def skips_equal_groups(rewards):
    answer = np.zeros_like(rewards, dtype=np.float32)
    for row, group in zip(answer, rewards, strict=True):
        if np.ptp(group) > 0:
            row[:] = (group - group.mean()) / (np.sqrt(group.var(ddof=1)) + 1e-4)
    return answer


def by_columns(rewards):
    groups = rewards.T
    return ((groups - groups.mean(0)) / (groups.std(0, ddof=1) + 1e-4)).T


@pytest.mark.parametrize(
    "right", [by_statistics, in_single_precision, skips_equal_groups, by_columns]
)
def test_advantages_may_be_written_otherwise(right):
    passes("group_advantages", right)


def like_torch_and_numpy(std_of, small=1e-4):
    def wrong(rewards):
        centered = rewards - rewards.mean(axis=1, keepdims=True)
        with np.errstate(all="ignore"):
            return centered / (std_of(rewards) + small)

    return wrong


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (like_torch_and_numpy(lambda r: np.std(r, axis=1)[:, None]), "the squares are divided by"),
        (like_torch_and_numpy(lambda r: np.std(r)), "the standard deviation is that of the whole"),
        (
            like_torch_and_numpy(lambda r: torch.tensor(r).std(1, keepdim=True).numpy(), 0),
            "nothing is added to the standard deviation",
        ),
        (
            like_torch_and_numpy(lambda r: np.var(r, axis=1, ddof=1, keepdims=True)),
            "you divide by the variance",
        ),
        (
            lambda rewards: group_centered_advantages(torch.tensor(rewards)),
            "only the mean is subtracted",
        ),
        (lambda rewards: in_single_precision(rewards.T).T, "the answers of different prompts"),
    ],
)
def test_mistakes_in_advantages(wrong, says):
    assert hint("group_advantages", wrong).startswith(says)


def in_torch(dtype):
    def loss(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
        arrays = (log_probs, old_log_probs, ref_log_probs, advantages)
        new, old, ref, weights = (torch.tensor(array, dtype=dtype) for array in arrays)
        mask = torch.tensor(mask)
        ratios, weights = (new - old).exp(), weights[:, None]
        clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
        kl = (ref - new).exp() - (ref - new) - 1
        losses = torch.maximum(-ratios * weights, -clipped * weights) + beta * kl
        return torch.stack([row[own].mean() for row, own in zip(losses, mask, strict=True)]).mean()

    return loss


def with_masked_arrays(
    log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta
):
    new, old, ref = (
        np.ma.array(array, mask=~mask) for array in (log_probs, old_log_probs, ref_log_probs)
    )
    ratios, gaps = np.ma.exp(new - old), ref - new
    clipped = np.ma.array(ratios.clip(1 - clip_epsilon, 1 + clip_epsilon), mask=~mask)
    gains = np.ma.minimum(ratios * advantages[:, None], clipped * advantages[:, None])
    return (beta * (np.ma.exp(gaps) - gaps - 1) - gains).mean(axis=1).mean()


def from_a_flat_list(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
    rows = np.nonzero(mask)[0]
    new, old, ref = log_probs[mask], old_log_probs[mask], ref_log_probs[mask]
    ratios = np.exp(new) / np.exp(old)
    kept = np.where(
        advantages[rows] > 0,
        np.minimum(ratios, 1 + clip_epsilon),
        np.maximum(ratios, 1 - clip_epsilon),
    )
    kl = np.exp(ref) / np.exp(new) - np.log(np.exp(ref) / np.exp(new)) - 1
    losses = beta * kl - kept * advantages[rows]
    return np.dot(losses, 1 / np.bincount(rows)[rows]) / len(advantages)


@pytest.mark.parametrize(
    "right",
    [in_torch(torch.float64), in_torch(torch.float32), with_masked_arrays, from_a_flat_list],
)
def test_the_loss_may_be_written_otherwise(right):
    passes("grpo_token_loss", right)


def zeroed(average, *, clip=np.clip, pick=np.minimum, sign=1.0):
    """A loss as a reader writes it, with zeros put in place of the padding first."""

    def loss(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
        new, old, ref = (
            np.where(mask, array, 0.0) for array in (log_probs, old_log_probs, ref_log_probs)
        )
        ratios, advantages = np.exp(new - old), advantages[:, None]
        clipped = clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon)
        gains = pick(ratios * advantages, clipped * advantages)
        gaps = sign * (ref - new)
        return average((beta * (np.exp(gaps) - 1 - gaps) - gains) * mask, mask)

    return loss


def answers_first(losses, mask):
    return (losses.sum(axis=1) / mask.sum(axis=1)).mean()


def test_padding_may_be_zeroed_before_the_mask_is_multiplied():
    passes("grpo_token_loss", zeroed(answers_first))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (zeroed(lambda losses, mask: losses.sum() / mask.sum()), "this is the mean over all"),
        (zeroed(lambda losses, mask: losses.mean()), "the sums are divided by T"),
        (zeroed(lambda losses, mask: losses.sum(axis=1).mean()), "the tokens of an answer are"),
        (zeroed(answers_first, pick=np.maximum), "the larger of the two is taken"),
        (zeroed(answers_first, clip=lambda r, low, high: r), "nothing is clipped"),
        (zeroed(answers_first, sign=-1.0), "the ratio in k3 is turned round"),
        (
            zeroed(lambda losses, mask: -answers_first(losses, mask)),
            "this is the objective, to be maximized",
        ),
    ],
)
def test_mistakes_in_the_loss(wrong, says):
    assert hint("grpo_token_loss", wrong).startswith(says)


def test_nan_in_padding_is_named():
    def wrong(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
        ratios, advantages = np.exp(log_probs - old_log_probs), advantages[:, None]
        clipped = ratios.clip(1 - clip_epsilon, 1 + clip_epsilon)
        gaps = ref_log_probs - log_probs
        losses = np.maximum(-ratios * advantages, -clipped * advantages)
        losses = (losses + beta * (np.exp(gaps) - gaps - 1)) * mask
        return np.mean(losses.sum(axis=1) / mask.sum(axis=1))

    assert "nan * 0 is nan" in hint("grpo_token_loss", wrong)


def test_padding_filled_in_place_is_named():
    def wrong(log_probs, mask, **given):
        log_probs[~mask] = 0.0
        return 0.0

    message = EXERCISES["grpo_token_loss"].check(wrong).message
    assert message == "your function changes its argument 'log_probs'; work on a copy."


def in_log_space(pass_rate, group_size, advantages):
    """Chances by lgamma; this answer stands in the middle of its group."""
    total, others = 0.0, group_size - 1
    for num_right in range(group_size):
        ways = math.lgamma(others + 1) - math.lgamma(num_right + 1)
        ways -= math.lgamma(others - num_right + 1)
        odds = num_right * math.log(pass_rate) + (others - num_right) * math.log1p(-pass_rate)
        rest = [1] * num_right + [0] * (others - num_right)
        middle = others // 2
        mine = {
            reward: advantages([*rest[:middle], reward, *rest[middle:]])[middle]
            for reward in (0, 1)
        }
        total += math.exp(ways + odds) * (mine[1] - mine[0])
    return total


def by_convolution(pass_rate, group_size, advantages):
    chances = torch.ones(1, dtype=torch.float64)
    for _ in range(group_size - 1):
        nothing = torch.zeros(1, dtype=torch.float64)
        chances = torch.cat([chances * (1 - pass_rate), nothing]) + torch.cat(
            [nothing, chances * pass_rate]
        )
    groups = torch.ones(group_size + 1, group_size).tril(-1)
    right = [advantages(group)[0] for group in groups[1:]]
    wrong = [advantages(group)[-1] for group in groups[:-1]]
    return chances @ (torch.tensor(right) - torch.tensor(wrong))


def by_recursion(pass_rate, group_size, advantages, others=()):
    if len(others) == group_size - 1:
        return advantages(np.array([True, *others]))[0] - advantages(np.array([False, *others]))[0]
    return pass_rate * by_recursion(pass_rate, group_size, advantages, (True, *others)) + (
        1 - pass_rate
    ) * by_recursion(pass_rate, group_size, advantages, (False, *others))


@pytest.mark.parametrize(
    "right",
    [
        in_log_space,
        by_convolution,
        by_recursion,
        lambda **given: np.float32(by_recursion(**given)),
    ],
)
def test_the_weight_may_be_found_otherwise(right):
    passes("expected_weight", right)


def converted(estimator):
    return lambda rewards: ADVANTAGES[estimator](torch.tensor(rewards, dtype=torch.float64)[None])[
        0
    ].numpy()


@pytest.mark.parametrize("estimator", ADVANTAGES)
def test_the_solutions_give_the_weight_of_every_estimator(estimator):
    for pass_rate, group_size in ((0.1, 2), (0.37, 5), (0.9, 6)):
        settings = {"group_size": group_size, "estimator": estimator}
        expected = group_weights([pass_rate], **settings)[0]
        mean_update = two_answer_moments([pass_rate], **settings)[0][0]
        for solution in EXERCISES["expected_weight"].solutions:
            found = solution(pass_rate, group_size, converted(estimator))
            assert found == pytest.approx(expected, abs=1e-12)
            assert found * pass_rate * (1 - pass_rate) == pytest.approx(mean_update, abs=1e-12)


@pytest.mark.parametrize(
    ("place", "estimator"),
    [(0, "mean"), (1, "group_mean"), (2, "population_std"), (4, "leave_one_out"), (6, "mean")],
)
def test_the_weights_worked_by_hand_are_those_of_the_oracle(place, estimator):
    case = EXERCISES["expected_weight"].cases[place]
    arguments = case.arguments
    size, rewards = arguments["group_size"], np.array([1.0, *[0.0] * (arguments["group_size"] - 1)])
    assert arguments["advantages"](rewards) == pytest.approx(converted(estimator)(rewards))
    oracle = group_weights([arguments["pass_rate"]], group_size=size, estimator=estimator)
    assert case.expected == pytest.approx(oracle[0], abs=1e-12)


def by_drawing(pass_rate, group_size, advantages):
    generator = np.random.default_rng(0)
    updates = []
    for _ in range(2_000):
        rewards = (generator.random(group_size) < pass_rate).astype(float)
        updates.append(np.mean(advantages(rewards) * (rewards - pass_rate)))
    return np.mean(updates) / (pass_rate * (1 - pass_rate))


def test_drawing_groups_is_not_exact_enough():
    verdict = EXERCISES["expected_weight"].check(by_drawing)
    assert not verdict.passed
    assert "advantages = a function: reward minus mean, divided by the mean" in verdict.message


def as_sum(term):
    """A weight as a reader writes it, a sum over the number of right ones."""

    def weight(pass_rate, group_size, advantages):
        total = 0.0
        for m in range(group_size):
            rest = [1.0] * m + [0.0] * (group_size - 1 - m)
            right, wrong = (advantages(np.array([reward, *rest]))[0] for reward in (1.0, 0.0))
            total += term(m, group_size, pass_rate, right, wrong)
        return total

    return weight


def chance(m, number, p):
    return math.comb(number, m) * p**m * (1 - p) ** (number - m)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (as_sum(lambda m, size, p, r, w: chance(m, size - 1, p) * r), "the part of the wrong ones"),
        (
            as_sum(lambda m, size, p, r, w: chance(m, size - 1, 1 - p) * (r - w)),
            "p and 1 - p are exchanged",
        ),
        (
            as_sum(lambda m, size, p, r, w: p**m * (1 - p) ** (size - 1 - m) * (r - w)),
            "the binomial coefficient is missing",
        ),
        (as_sum(lambda m, size, p, r, w: (r - w) / size), "each number of right ones counts alike"),
        (
            as_sum(lambda m, size, p, r, w: chance(m, size - 1, p) * (p * r + (1 - p) * w)),
            "this is the mean advantage",
        ),
        (
            lambda pass_rate, **_: 1 / np.sqrt(pass_rate * (1 - pass_rate)),
            "this is 1 / sqrt(p (1 - p)), the limit of large groups",
        ),
    ],
)
def test_mistakes_in_the_weight(wrong, says):
    assert hint("expected_weight", wrong).startswith(says)


def by_sgd(dtype):
    def climb(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        logits = torch.tensor(logits, dtype=dtype, requires_grad=True)
        optimizer = torch.optim.SGD([logits], lr=learning_rate, maximize=True)
        answers, rewards = torch.tensor(answers), torch.tensor(rewards, dtype=dtype)
        advantages, old = rewards - rewards.mean(), None
        for _ in range(num_epochs):
            optimizer.zero_grad()
            new = torch.distributions.Categorical(logits=logits).log_prob(answers)
            old = new.detach() if old is None else old
            ratios = (new - old).exp()
            clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
            torch.minimum(ratios * advantages, clipped * advantages).mean().backward()
            optimizer.step()
        return logits

    return climb


def objective(logits, first_logits, answers, advantages, clip_epsilon):
    def log_softmax(numbers):
        return numbers - np.logaddexp.reduce(numbers)

    ratios = np.exp(log_softmax(logits) - log_softmax(first_logits))[answers]
    clipped = np.clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon)
    return np.minimum(ratios * advantages, clipped * advantages).mean()


def by_finite_differences(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    first, advantages = logits, rewards - rewards.mean()
    for _ in range(num_epochs):
        slopes = []
        for direction in np.eye(len(logits)):
            sides = [
                objective(logits + step * direction, first, answers, advantages, clip_epsilon)
                for step in (1e-5, -1e-5)
            ]
            slopes.append((sides[0] - sides[1]) / 2e-5)
        logits = logits + learning_rate * np.array(slopes)
    return logits


def with_add_at(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    new = [float(logit) for logit in logits]
    advantages = [reward - statistics.fmean(rewards) for reward in rewards]
    old = None
    for _ in range(num_epochs):
        shifted = np.exp(np.array(new) - max(new))
        probs = shifted / shifted.sum()
        old = probs if old is None else old
        ratios = probs[answers] / old[answers]
        far = np.sign(advantages) * (ratios - 1) > clip_epsilon
        pulls = np.where(far, 0, ratios * advantages) / len(answers)
        change = -pulls.sum() * probs
        np.add.at(change, answers, pulls)
        new = [logit + learning_rate * step for logit, step in zip(new, change, strict=True)]
    return new


@pytest.mark.parametrize(
    "right",
    [by_sgd(torch.float64), by_sgd(torch.float32), by_finite_differences, with_add_at],
)
def test_epochs_may_be_climbed_otherwise(right):
    passes("grpo_epochs", right)


def test_no_ratio_lies_on_the_edge_of_the_range():
    """There the objective has no slope, and right answers may differ."""
    epochs = EXERCISES["grpo_epochs"].solutions[0]
    for case in EXERCISES["grpo_epochs"].cases:
        given = dict(case.arguments)
        number, epsilon = given.pop("num_epochs"), given["clip_epsilon"]
        old = torch.tensor(given["logits"]).log_softmax(dim=0)
        for count in range(1, number):
            new = torch.tensor(epochs(num_epochs=count, **given)).log_softmax(dim=0)
            ratios = (new - old).exp()[given["answers"]]
            assert ((ratios - 1).abs() - epsilon).abs().min() > 1e-3


def with_pulls(pull_of):
    """Epochs as a reader writes them: what multiplies d log pi of one answer."""

    def climb(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        logits, mean = logits.copy(), rewards.mean()
        old = logits - np.logaddexp.reduce(logits)
        for _ in range(num_epochs):
            new = logits - np.logaddexp.reduce(logits)
            change = np.zeros_like(logits)
            for answer, reward in zip(answers, rewards, strict=True):
                ratio = np.exp(new[answer] - old[answer])
                pull = pull_of(ratio, reward, mean, clip_epsilon)
                change[answer] += pull
                change -= pull * np.exp(new)
            logits += learning_rate * change / len(answers)
        return logits

    return climb


def flat(ratio, gain, epsilon):
    return (gain > 0 and ratio > 1 + epsilon) or (gain < 0 and ratio < 1 - epsilon)


def test_pulls_of_single_answers_are_a_right_form():
    passes(
        "grpo_epochs", with_pulls(lambda r, own, m, e: 0 if flat(r, own - m, e) else r * (own - m))
    )


def one_hot_alone(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    old = np.exp(logits - np.logaddexp.reduce(logits))
    for _ in range(num_epochs):
        ratios = (np.exp(logits - np.logaddexp.reduce(logits)) / old)[answers]
        gains = rewards - rewards.mean()
        keep = [not flat(r, gain, clip_epsilon) for r, gain in zip(ratios, gains, strict=True)]
        change = np.bincount(answers, keep * ratios * gains, minlength=len(logits))
        logits = logits + learning_rate * change / len(answers)
    return logits


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (with_pulls(lambda r, own, m, e: own - m), "every step is the first one again"),
        (with_pulls(lambda r, own, m, e: r * (own - m)), "nothing is clipped"),
        (
            with_pulls(lambda r, own, m, e: 0 if abs(r - 1) > e else r * (own - m)),
            "the gradient is 0 wherever the ratio is outside",
        ),
        (
            with_pulls(lambda r, own, m, e: 0 if flat(r, own - m, e) else own - m),
            "the ratio is missing in the gradient",
        ),
        (
            with_pulls(lambda r, own, m, e: np.clip(r, 1 - e, 1 + e) * (own - m)),
            "the clipped ratio stands in the gradient",
        ),
        (
            with_pulls(lambda r, own, m, e: 0 if flat(r, own, e) else r * own),
            "the rewards are used as they came",
        ),
        (
            with_pulls(lambda r, own, m, e: 0 if flat(r, m - own, e) else r * (m - own)),
            "the advantages are turned round",
        ),
        (
            with_pulls(lambda r, own, m, e: 0 if flat(r, own - m, e) else r * (m - own)),
            "the steps go downhill",
        ),
        (one_hot_alone, "minus pi is missing"),
    ],
)
def test_mistakes_in_epochs(wrong, says):
    assert hint("grpo_epochs", wrong).startswith(says)


def test_logits_that_climb_in_place_are_named():
    def wrong(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        logits += learning_rate
        return logits

    message = EXERCISES["grpo_epochs"].check(wrong).message
    assert message == "your function changes its argument 'logits'; work on a copy."


def test_a_loop_that_never_ends_is_cut_off():
    def wrong(num_epochs, **given):
        while num_epochs > 0:
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "Does a loop never end?" in EXERCISES["grpo_epochs"].check(wrong).message
