"""The loss of a reward model, and the mistakes that people make in it."""

import torch
from torch.nn.functional import binary_cross_entropy, logsigmoid


def loss(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    """Minus the mean of log sigmoid of the margin at the last true tokens."""
    rows = torch.arange(len(chosen_mask))
    chosen = chosen_scores[rows, chosen_mask.sum(dim=1) - 1]
    rejected = rejected_scores[rows, rejected_mask.sum(dim=1) - 1]
    return -logsigmoid(chosen - rejected).mean()


def _last(scores, mask):
    return scores[torch.arange(len(mask)), mask.sum(dim=1) - 1]


def _read(read):
    """A wrong answer: the scores are read off otherwise."""

    def wrong(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
        chosen = read(chosen_scores, chosen_mask)
        return -logsigmoid(chosen - read(rejected_scores, rejected_mask)).mean()

    return wrong


def _of_scores(loss_of):
    """A wrong answer: another loss of the right scores."""

    def wrong(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
        return loss_of(_last(chosen_scores, chosen_mask), _last(rejected_scores, rejected_mask))

    return wrong


def _of_margins(loss_of):
    """A wrong answer: another loss of the right margins."""
    return _of_scores(lambda chosen, rejected: loss_of(chosen - rejected))


def _masked_mean(scores, mask):
    return (scores * mask).sum(dim=1) / mask.sum(dim=1)


def _one_too_late(scores, mask):
    places = mask.sum(dim=1).clamp(max=mask.shape[1] - 1)
    return scores[torch.arange(len(mask)), places]


def _one_too_early(scores, mask):
    return scores[torch.arange(len(mask)), mask.sum(dim=1) - 2]


def _longest(scores, mask):
    return scores[:, mask.sum(dim=1).max() - 1]


def _largest(scores, mask):
    return scores.masked_fill(~mask, -torch.inf).amax(dim=1)


def _zeros_in_the_padding(scores, mask):
    return (scores * mask)[:, -1]


def _every_end(scores, mask):
    return scores[:, mask.sum(dim=1) - 1]


def _from_the_right(scores, mask):
    return scores[torch.arange(len(mask)), -mask.sum(dim=1)]


def _last_of_the_batch(scores, mask):
    return scores[mask][-1]


def _masks_swapped(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return loss(chosen_scores, rejected_scores, rejected_mask, chosen_mask)


def _chosen_mask_for_both(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return loss(chosen_scores, rejected_scores, chosen_mask, chosen_mask)


def _rejected_mask_for_both(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return loss(chosen_scores, rejected_scores, rejected_mask, rejected_mask)


def _rejected_detached(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return loss(chosen_scores, rejected_scores.detach(), chosen_mask, rejected_mask)


def _chosen_detached(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return loss(chosen_scores.detach(), rejected_scores, chosen_mask, rejected_mask)


def _both_detached(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    scores = (chosen_scores.detach(), rejected_scores.detach())
    return loss(*scores, chosen_mask, rejected_mask).requires_grad_()


def _token_by_token(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return -logsigmoid(chosen_scores - rejected_scores)[chosen_mask & rejected_mask].mean()


def _all_places(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    return -logsigmoid(chosen_scores - rejected_scores).mean()


def _every_pair(chosen, rejected):
    return -logsigmoid(chosen[:, None] - rejected).mean()


def _cross_entropy(chosen, rejected):
    targets = torch.ones_like(chosen)
    return binary_cross_entropy(torch.sigmoid(chosen - rejected), targets)


def _share(holds):
    """A wrong answer: a share of the pairs, which has no gradient."""
    return _of_margins(lambda margins: holds(margins).double().mean())


def _clamped(most):
    return _of_margins(lambda margins: -logsigmoid(margins.clamp(-most, most)).mean())


def _with_margin(value):
    return _of_margins(lambda margins: -logsigmoid(margins - value).mean())


_CUTS = (5, 10, 20, 30, 50)

MISTAKES = {
    "last index": _read(lambda scores, mask: scores[:, -1]),
    "zeros in the padding": _read(_zeros_in_the_padding),
    "first token": _read(lambda scores, mask: scores[:, 0]),
    "one too late": _read(_one_too_late),
    "one too early": _read(_one_too_early),
    "place of the longest": _read(_longest),
    "mean over tokens": _read(_masked_mean),
    "mean over all places": _read(lambda scores, mask: scores.mean(dim=1)),
    "sum over tokens": _read(lambda scores, mask: (scores * mask).sum(dim=1)),
    "largest token": _read(_largest),
    "index without rows": _read(_every_end),
    "index from the right": _read(_from_the_right),
    "last of the batch": _read(_last_of_the_batch),
    "masks swapped": _masks_swapped,
    "mask of the chosen for both": _chosen_mask_for_both,
    "mask of the rejected for both": _rejected_mask_for_both,
    "token by token": _token_by_token,
    "all places": _all_places,
    "every pair": _of_scores(_every_pair),
    "rejected - chosen": _of_margins(lambda margins: -logsigmoid(-margins).mean()),
    "log likelihood": _of_margins(lambda margins: logsigmoid(margins).mean()),
    "log of 1 - sigmoid": _of_margins(lambda margins: logsigmoid(-margins).mean()),
    "log of the sigmoid": _of_margins(lambda margins: -torch.sigmoid(margins).log().mean()),
    "log with a small number": _of_margins(
        lambda margins: -(torch.sigmoid(margins) + 1e-8).log().mean()
    ),
    "cross-entropy of a sigmoid": _of_scores(_cross_entropy),
    "sum": _of_margins(lambda margins: -logsigmoid(margins).sum()),
    "one per pair, the first": _of_margins(lambda margins: -logsigmoid(margins)[0]),
    "log of the mean": _of_margins(lambda margins: -logsigmoid(margins.mean())),
    "no log": _of_margins(lambda margins: -torch.sigmoid(margins).mean()),
    "no log, of the other": _of_margins(lambda margins: torch.sigmoid(-margins).mean()),
    "no sigmoid": _of_margins(lambda margins: -margins.mean()),
    "sigmoid of each": _of_scores(
        lambda chosen, rejected: -(torch.sigmoid(chosen) - torch.sigmoid(rejected)).mean()
    ),
    "sigmoid twice": _of_scores(
        lambda chosen, rejected: -logsigmoid(torch.sigmoid(chosen) - torch.sigmoid(rejected)).mean()
    ),
    "difference of log sigmoids": _of_scores(
        lambda chosen, rejected: -(logsigmoid(chosen) - logsigmoid(rejected)).mean()
    ),
    "each on its own": _of_scores(
        lambda chosen, rejected: -(logsigmoid(chosen) + logsigmoid(-rejected)).mean()
    ),
    "chosen alone": _of_scores(lambda chosen, rejected: -logsigmoid(chosen).mean()),
    "hinge": _of_margins(lambda margins: (1 - margins).clamp(min=0).mean()),
    "ranking hinge": _of_margins(lambda margins: (-margins).clamp(min=0).mean()),
    "squared": _of_margins(lambda margins: ((1 - margins) ** 2).mean()),
    "size of the margin": _of_margins(lambda margins: -logsigmoid(margins.abs()).mean()),
    "accuracy": _share(lambda margins: margins > 0),
    "share of errors": _share(lambda margins: margins <= 0),
    **{f"margins cut at {most}": _clamped(most) for most in _CUTS},
    "a margin of 1": _with_margin(1.0),
    "rejected detached": _rejected_detached,
    "chosen detached": _chosen_detached,
    "both detached": _both_detached,
}

_STABLE = "Use logsigmoid, which is finite at every margin."

HINTS = {
    "last index": "the scores are read at the last index, where short answers are padded. Read "
    "them at the last token that the mask counts.",
    "zeros in the padding": "padded answers have a score of 0: the mask is applied, then the last "
    "index read. Read at the last token that the mask counts.",
    "first token": "the scores are read at the first token, which has seen nothing of the answer. "
    "Read them at the last true one.",
    "one too late": "the scores are read one place behind the end: the last of n tokens has the "
    "index n - 1.",
    "one too early": "the scores are read one token too early: the last of n tokens has the index "
    "n - 1.",
    "place of the longest": "all scores are read where the longest answer ends. Each answer has "
    "its own end.",
    "mean over tokens": "the score is a mean over the tokens. Read it at the last one, which has "
    "seen the whole answer.",
    "mean over all places": "the score is a mean over all places, padding included. Read it at "
    "the last true token.",
    "sum over tokens": "the scores of all tokens are added up. Read one score, at the last token.",
    "largest token": "the largest score of each answer is taken. Read it at the last token.",
    "index without rows": "scores[:, ends] reads every row at every end, and gives [B, B]. Each "
    "row has one end: scores[rows, ends].",
    "index from the right": "-mask.sum(dim=1) counts from the right, as if the padding stood on "
    "the left. The last of n tokens has the index n - 1.",
    "last of the batch": "scores[mask] is flat, and its last entry is that of the last row. Each "
    "row has its own last token.",
    "masks swapped": "the masks are swapped: each answer has its own.",
    "mask of the chosen for both": "chosen_mask is used for both answers. The rejected one has "
    "its own.",
    "mask of the rejected for both": "rejected_mask is used for both answers. The chosen one has "
    "its own.",
    "token by token": "the answers are compared token by token. Each answer has one score, at its "
    "last token.",
    "all places": "all places are compared, padding included. Each answer has one score, at its "
    "last true token.",
    "every pair": "every chosen answer is compared with every rejected one: chosen[:, None] "
    "broadcasts. Pairs belong to one prompt.",
    "rejected - chosen": "the difference is turned round, as in -log(1 - sigmoid): this teaches "
    "the model to prefer the rejected answer. Take chosen - rejected.",
    "log likelihood": "optimizers go downhill: the loss is minus the mean log-likelihood.",
    "log of 1 - sigmoid": "log(1 - sigmoid(chosen - rejected)) goes downhill as the margin grows, "
    "but without a bound. The loss is -log sigmoid(chosen - rejected).",
    "log of the sigmoid": "the sigmoid of -1000 is 0 and exp(1000) is infinite, and so is the "
    "logarithm of either. " + _STABLE,
    "log with a small number": "a small number inside the log caps the loss and its gradient, "
    "just where a pair is ranked far the wrong way. " + _STABLE,
    "cross-entropy of a sigmoid": "the loss of a pair ends at 100, and its gradient is lost "
    "there: binary_cross_entropy caps the logarithm at -100. " + _STABLE,
    "sum": "take the mean over the pairs, not the sum.",
    "one per pair, the first": "only the first pair counts here. Take the mean over all.",
    "log of the mean": "the margins are averaged before the logarithm. Each pair has its own "
    "loss; the mean comes last.",
    "no log": "this is minus the probability of the choices. Take its logarithm: a pair far the "
    "wrong way would have no gradient.",
    "no log, of the other": "this is the probability of the other choice. Take minus the "
    "logarithm of the right one: a pair far the wrong way would have no gradient.",
    "no sigmoid": "minus the margin has no lower end: it rewards margins without bound. Take "
    "-log sigmoid of it.",
    "sigmoid of each": "the sigmoid is taken of each score, then the difference. Take the "
    "difference of the scores first.",
    "sigmoid twice": "the scores go through a sigmoid before they are compared. Take their "
    "difference as they are.",
    "difference of log sigmoids": "the log sigmoid is taken of each score, then the difference. "
    "Take the difference of the scores first.",
    "each on its own": "each score is pushed on its own, to +inf and -inf. Only the difference "
    "of the two means something.",
    "chosen alone": "the rejected answer is not used: compare the two scores.",
    "hinge": "this is a hinge loss, max(0, 1 - margin). The Bradley-Terry model gives -log "
    "sigmoid(margin).",
    "ranking hinge": "this is max(0, -margin), which asks for no margin at all. The Bradley-Terry "
    "model gives -log sigmoid(margin).",
    "squared": "this is a squared error to a margin of 1. The Bradley-Terry model gives -log "
    "sigmoid(margin).",
    "size of the margin": "the size of the margin is taken: pairs ranked the wrong way count as "
    "right.",
    "accuracy": "this is the accuracy, the share of pairs ranked rightly. A count has no gradient.",
    "share of errors": "this is the share of pairs ranked wrongly. A count has no gradient.",
    **{
        f"margins cut at {most}": f"the margins are cut at {most}: a pair further the wrong way "
        f"has no gradient. {_STABLE}"
        for most in _CUTS
    },
    "a margin of 1": "a margin of 1 is asked for inside the sigmoid. Leave the difference as it "
    "is.",
    "rejected detached": "no gradient reaches rejected_scores: both answers are scored by the "
    "same model, and both teach it.",
    "chosen detached": "no gradient reaches chosen_scores: both answers are scored by the same "
    "model, and both teach it.",
    "both detached": "the value is right, and nothing can be learned from it: the scores are "
    "detached.",
}
