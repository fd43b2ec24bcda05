"""DPO: other right forms pass, mistakes as readers write them get their hint."""

import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from rlnotes.exercises import catalog

EXERCISES = catalog()


def pair_loss(log_prob, margin=None, finish=None):
    """A loss as a reader writes it, from the log-probability of one answer."""
    margin = margin or (lambda c, r, ref_c, ref_r, beta: beta * (c - r - ref_c + ref_r))
    finish = finish or (lambda margins: -logsigmoid(margins).mean())

    def loss(
        chosen_log_probs,
        rejected_log_probs,
        ref_chosen_log_probs,
        ref_rejected_log_probs,
        chosen_lengths,
        rejected_lengths,
        beta,
    ):
        def rows(values, lengths):
            answers = zip(values, lengths, strict=True)
            return torch.stack([log_prob(row, length) for row, length in answers])

        sums = (
            rows(chosen_log_probs, chosen_lengths),
            rows(rejected_log_probs, rejected_lengths),
            rows(ref_chosen_log_probs, chosen_lengths),
            rows(ref_rejected_log_probs, rejected_lengths),
        )
        return finish(margin(*sums, beta))

    return loss


def whole(row, length):
    return row[:length].sum()


@pytest.mark.parametrize(
    "right",
    [
        pair_loss(whole),
        pair_loss(whole, finish=lambda margins: torch.logaddexp(0 * margins, -margins).mean()),
        pair_loss(whole, finish=lambda margins: (-margins).logaddexp(0 * margins)[None].mean()),
    ],
)
def test_the_loss_of_pairs_may_be_written_otherwise(right):
    verdict = EXERCISES["dpo_pair_loss"].check(right)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (pair_loss(lambda row, n: row[:n].mean()), "averaged over the tokens"),
        (pair_loss(lambda row, n: row.sum()), "the padding is added up"),
        (pair_loss(lambda row, n: row[: n - 1].sum()), "the last token of each answer is left"),
        (pair_loss(lambda row, n: row[: n + 1].sum()), "the place behind the end counts"),
        (pair_loss(lambda row, n: row[1:n].sum()), "the first token of each answer is left"),
        (pair_loss(lambda row, n: row[n - 1]), "only the last token of each answer is read"),
        (pair_loss(whole, lambda c, r, rc, rr, beta: beta * (c - r)), "the reference is left out"),
        (
            pair_loss(whole, lambda c, r, rc, rr, beta: beta * (c - r - rc - rr)),
            "a sign is lost with the brackets",
        ),
        (
            pair_loss(whole, lambda c, r, rc, rr, beta: beta * (c - r + rc - rr)),
            "what belongs to the reference is added",
        ),
        (
            pair_loss(whole, lambda c, r, rc, rr, beta: c - r - rc + rr),
            "beta is missing",
        ),
        (
            pair_loss(whole, finish=lambda margins: -(1 / (1 + (-margins).exp())).log().mean()),
            "Use logsigmoid, which is finite at every margin",
        ),
        (
            pair_loss(whole, finish=lambda margins: -logsigmoid(margins).sum()),
            "take the mean over the pairs",
        ),
        (
            pair_loss(whole, finish=lambda margins: -logsigmoid(margins.detach()).mean()),
            "nothing can be learned from it",
        ),
    ],
)
def test_mistakes_in_the_loss_of_pairs(wrong, hint):
    verdict = EXERCISES["dpo_pair_loss"].check(wrong)
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint: ")[2]


def log_softmax(logits):
    return torch.tensor(logits).log_softmax(dim=0).numpy()


def sigmoid(number):
    return 1 / (1 + np.exp(-number))


def by_scores(logits, ref_log_probs, pairs, beta, learning_rate):
    """The gradients of both log-probabilities, with all their terms."""
    unit, logits = np.eye(len(logits)), np.array(logits)
    for chosen, rejected in pairs.tolist():
        log_ratios = log_softmax(logits) - ref_log_probs
        margin = beta * (log_ratios[chosen] - log_ratios[rejected])
        probs = np.exp(log_softmax(logits))
        slope = (unit[chosen] - probs) - (unit[rejected] - probs)
        logits += learning_rate * beta / (1 + np.exp(margin)) * slope
    return logits


@pytest.mark.filterwarnings("ignore:overflow")
def test_probabilities_that_cancel_may_be_written_out():
    verdict = EXERCISES["dpo_epoch"].check(by_scores)
    assert verdict.passed, verdict.message


def in_place(logits, ref_log_probs, pairs, beta, learning_rate):
    for chosen, rejected in pairs:
        logits[chosen] += 1
        logits[rejected] -= 1
    return logits


def alias(logits, ref_log_probs, pairs, beta, learning_rate):
    new = logits
    new[pairs[0]] += 1
    return new


@pytest.mark.parametrize("wrong", [in_place, alias])
def test_logits_changed_in_place_are_named(wrong):
    message = EXERCISES["dpo_epoch"].check(wrong).message
    assert message == "your function changes its argument 'logits'; work on a copy."


def with_steps(move_of):
    """An epoch as a reader writes it: the two moves, from policies and the pair."""

    def epoch(logits, ref_log_probs, pairs, beta, learning_rate):
        logits = logits.copy()
        for chosen, rejected in pairs:
            up, down = move_of(log_softmax(logits), ref_log_probs, chosen, rejected, beta)
            logits[chosen] += learning_rate * up
            logits[rejected] -= learning_rate * down
        return logits

    return epoch


def of_margin(move_of):
    def moves(own, ref, chosen, rejected, beta):
        move = move_of(beta * ((own - ref)[chosen] - (own - ref)[rejected]), beta)
        return move, move

    return with_steps(moves)


def reference_moves_along(own, ref, chosen, rejected, beta):
    move = beta * sigmoid(-beta * ((own - own)[chosen] - (own - own)[rejected]))
    return move, move


def returns_too_early(logits, ref_log_probs, pairs, beta, learning_rate):
    for pair in pairs:
        return EXERCISES["dpo_epoch"].solutions[0](
            logits, ref_log_probs, [pair], beta, learning_rate
        )


def weights_before_the_loop(logits, ref_log_probs, pairs, beta, learning_rate):
    log_ratios, new = log_softmax(logits) - ref_log_probs, logits.copy()
    margins = [beta * (log_ratios[chosen] - log_ratios[rejected]) for chosen, rejected in pairs]
    for (chosen, rejected), margin in zip(pairs, margins, strict=True):
        new[chosen] += learning_rate * beta * sigmoid(-margin)
        new[rejected] -= learning_rate * beta * sigmoid(-margin)
    return new


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (of_margin(lambda margin, beta: beta * sigmoid(margin)), "the weight is the sigmoid of"),
        (of_margin(lambda margin, beta: sigmoid(-margin)), "beta is missing in front of"),
        (of_margin(lambda margin, beta: -beta * sigmoid(-margin)), "the step goes uphill"),
        (of_margin(lambda margin, beta: beta), "every pair pulls with full weight"),
        (with_steps(reference_moves_along), "the weight is always 1/2"),
        (returns_too_early, "only the first pair is used"),
        (weights_before_the_loop, "all weights come from the first logits"),
    ],
)
def test_mistakes_in_an_epoch(wrong, hint):
    verdict = EXERCISES["dpo_epoch"].check(wrong)
    assert not verdict.passed
    assert f"Hint: {hint}" in verdict.message


def table(scores_of, outcome=sigmoid):
    """Preferences as a reader writes them: one prompt and two answers at a time."""

    def preferences(policy, reference, beta):
        tables = []
        for pi, ref in zip(policy, reference, strict=True):
            scores = scores_of(pi, ref, beta)
            tables.append([[outcome(own - other) for other in scores] for own in scores])
        return tables

    return preferences


def with_a_constant(pi, ref, beta):
    return beta * np.log(pi / ref) + 7.5 * pi[0]


def test_a_constant_of_the_prompt_cancels():
    verdict = EXERCISES["implied_preferences"].check(table(with_a_constant))
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (table(lambda pi, ref, beta: np.log(pi)), "this is pi_i / (pi_i + pi_j)"),
        (table(lambda pi, ref, beta: beta * np.log(ref / pi)), "each entry is the probability of"),
        (table(lambda pi, ref, beta: np.log(pi / ref)), "beta is missing"),
        (
            table(lambda pi, ref, beta: beta * np.log(pi / ref), lambda gap: gap),
            "these are the differences of the rewards",
        ),
        (
            table(lambda pi, ref, beta: beta * np.log((pi + 1e-8) / (ref + 1e-8))),
            "1e-8 is added to the probabilities",
        ),
    ],
)
def test_mistakes_in_preferences(wrong, hint):
    verdict = EXERCISES["implied_preferences"].check(wrong)
    assert not verdict.passed
    assert f"Hint: {hint}" in verdict.message


def one_by_one(weight, *, stops=False):
    """A loop that touches two logits of a pair; it may stop where both are one."""

    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        logits = logits.copy()
        for chosen, rejected in pairs:
            if stops and chosen == rejected:
                break
            log_ratios = logits - ref_log_probs
            move = learning_rate * beta * weight(beta * (log_ratios[chosen] - log_ratios[rejected]))
            logits[chosen] += move
            logits[rejected] -= move
        return logits

    return wrong


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (one_by_one(lambda m: np.exp(-m) / (1 + np.exp(-m))), "infinity over infinity"),
        (one_by_one(lambda m: sigmoid(-m), stops=True), "continue, not break"),
    ],
)
def test_loops_that_touch_two_logits_of_a_pair(wrong, hint):
    verdict = EXERCISES["dpo_epoch"].check(wrong)
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint: ")[2]


def test_gradients_that_add_up_get_their_hint():
    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        logits = torch.tensor(logits, requires_grad=True)
        ref_log_probs = torch.tensor(ref_log_probs)
        for chosen, rejected in pairs.tolist():
            log_ratios = logits.log_softmax(dim=0) - ref_log_probs
            (-logsigmoid(beta * (log_ratios[chosen] - log_ratios[rejected]))).backward()
            with torch.no_grad():
                logits -= learning_rate * logits.grad
        return logits

    verdict = EXERCISES["dpo_epoch"].check(wrong)
    assert "zero_() on the gradient" in verdict.message.partition("Hint: ")[2]


def test_a_softplus_by_hand_learns_nothing_at_the_start():
    def softplus(margins):
        return (torch.relu(-margins) + torch.log1p(torch.exp(-margins.abs()))).mean()

    verdict = EXERCISES["dpo_pair_loss"].check(pair_loss(whole, finish=softplus))
    assert not verdict.passed
    assert "autograd takes 0" in verdict.message.partition("Hint: ")[2]
