"""What the checker of DPO's loss says to each known mistake."""

from rlnotes.exercises.dpo_pair_mistakes import CUTS, TYPED_BETAS

_STABLE = "Use logsigmoid, which is finite at every margin."
_SUM = "The log-probability of an answer is the sum over its tokens."

HINTS = {
    "mean over tokens": "the log-probabilities are averaged over the tokens. That is another "
    f"loss, normalized by length. {_SUM}",
    "mean over all places": "the log-probabilities are averaged over all places, padding "
    f"included. {_SUM}",
    "divided by the width": "the sums are divided by the width of the array, as in "
    f"(log_probs * mask).mean(dim=1). {_SUM}",
    "mean, reference left out": "the log-probabilities are averaged over the tokens, and the "
    "reference is left out. DPO takes sums, and subtracts those of the reference.",
    "padding counted": "the padding is added up, too. Only the first entries of a row count, as "
    "many as its length says.",
    "padding of the reference counted": "the padding of the reference is added up. Its answers "
    "have the same lengths as the policy's.",
    "last token left out": "the last token of each answer is left out. A length of n counts the "
    "places 0 to n - 1.",
    "one token too many": "the place behind the end counts, too. A length of n counts the places "
    "0 to n - 1.",
    "first token left out": "the first token of each answer is left out. These are log-"
    "probabilities already: nothing is shifted.",
    "last token alone": "only the last token of each answer is read. A score stands there; "
    f"log-probabilities do not. {_SUM}",
    "padding alone": "the mask is the wrong way round: the padding is added up, and the answer is "
    "not. The first entries of a row count, as many as its length says.",
    "first token alone": f"only the first token of each answer is read. {_SUM}",
    "product of logs": "the log-probabilities are multiplied. Probabilities are, so their "
    "logarithms are added.",
    "log of the sum": "the probabilities of the tokens are added up (logsumexp). They are "
    "multiplied, so their logarithms are added.",
    "probabilities": "exp is taken of each sum: differences of probabilities are compared. The "
    "margin is made of log-probabilities.",
    "whole batch in one": "the tokens of all pairs are added up. Sum along dim=1: each answer has "
    "its own log-probability, and each pair its own loss.",
    "mean of the whole batch": "the mean of all tokens of the batch is taken. Sum along dim=1: "
    "each answer has its own log-probability, and each pair its own loss.",
    "lengths exchanged": "the lengths are exchanged: each answer has its own.",
    "chosen lengths for both": "chosen_lengths are used for both answers. The rejected one has "
    "its own.",
    "rejected lengths for both": "rejected_lengths are used for both answers. The chosen one has "
    "its own.",
    "common length": "both answers are cut to the shorter one's length. All tokens of each "
    "answer count.",
    "longest for all": "every answer is summed as far as the longest one goes. Each has its own "
    "length.",
    "token by token": "the answers are compared token by token, as far as the shorter one goes. "
    "A comparison is one of whole answers: sum first.",
    "quotient of tokens": "the log-probabilities of each token are divided by the reference's. The "
    "logarithm of a ratio is their difference.",
    "rejected - chosen": "the margin is turned round: either rejected - chosen, or reference - "
    "policy. This teaches the policy to prefer the rejected answer.",
    "reference left out": "the reference is left out. A log-ratio of each answer is wanted: "
    "policy minus reference.",
    "reference added": "what belongs to the reference is added: a sign is turned round, or "
    "ref_chosen and ref_rejected are exchanged. Each answer is compared with itself: policy "
    "minus reference.",
    "brackets lost": "a sign is lost with the brackets: (chosen - ref_chosen) - (rejected - "
    "ref_rejected) has + ref_rejected.",
    "chosen alone": "the rejected answer is not used: compare the two log-ratios.",
    "rejected alone": "the chosen answer is not used: compare the two log-ratios.",
    "quotient of logs": "the log-ratio is the difference of the log-probabilities, not their "
    "quotient.",
    "ratio, no log": "the ratios themselves are compared. Take their logarithms, the differences "
    "as they are: no exp.",
    "beta missing": "beta is missing: the margin is beta times the difference of the log-ratios.",
    "beta twice": "beta stands in the margin twice. Once is enough.",
    "divided by beta": "the margin is divided by beta. Multiply: beta is a reward per nat.",
    "beta on the policy alone": "beta multiplies the policy's part alone. It multiplies the "
    "whole difference of log-ratios.",
    "beta on the chosen alone": "beta multiplies the chosen log-ratio alone. It multiplies the "
    "whole difference.",
    "every pair": "every chosen answer is compared with every rejected one, a [B, B] table. Pairs "
    "belong to one prompt.",
    "size of the margin": "the size of the margin is taken: pairs ranked the wrong way count as "
    "right.",
    **{
        f"beta always {beta}": f"beta is {beta} in your code, whatever the argument says."
        for beta in TYPED_BETAS
    },
    "beta outside": "beta stands in front of the loss. It belongs inside the sigmoid, where it "
    "decides how large a log-ratio is enough.",
    "beta outside, too": "beta stands inside the sigmoid and in front of the loss as well. It "
    "belongs inside alone.",
    "divided by beta at the end": "the loss is divided by beta at the end. Leave it as it is.",
    "log likelihood": "optimizers go downhill: the loss is minus the mean log-likelihood of the "
    "choices.",
    "log of 1 - sigmoid": "log(1 - sigmoid(margin)) goes downhill as the margin grows, but "
    "without a bound. The loss is -log sigmoid(margin).",
    "log of the sigmoid": "the sigmoid of -1000 is 0 and exp(1000) is infinite, and so is the "
    f"logarithm of either. {_STABLE}",
    "log with a small number": "a small number inside the log caps the loss and its gradient, "
    f"just where a pair is ranked far the wrong way. {_STABLE}",
    "cross-entropy of a sigmoid": "the loss of a pair ends at 100, and its gradient is lost "
    f"there: binary_cross_entropy caps the logarithm at -100. {_STABLE}",
    "softplus by hand": "the value is right, but at margin 0, where every run begins, autograd "
    "takes 0 for the slope of relu and of abs: nothing would ever be learned. "
    f"{_STABLE}",
    "exponential": "this is exp(-margin). DPO takes -log sigmoid(margin), which is log(1 + "
    "exp(-margin)).",
    "wrong pairs alone": "this is max(0, -margin): a pair that is ranked rightly pulls no more. "
    "DPO takes -log sigmoid(margin).",
    "no log": "this is minus the probability of the choices. Take its logarithm: a pair far the "
    "wrong way would have no gradient.",
    "no log, of the other": "this is the probability of the other choice. Take minus the "
    "logarithm of the right one: a pair far the wrong way would have no gradient.",
    "no sigmoid": "minus the margin has no lower end: it rewards margins without bound. Take "
    "-log sigmoid of it.",
    "sum": "take the mean over the pairs, not the sum.",
    "first pair alone": "only the first pair counts here. Take the mean over all.",
    "loss of the mean": "the margins are averaged before the logarithm. Each pair has its own "
    "loss; the mean comes last.",
    "hinge": "this is a hinge loss, max(0, 1 - margin). DPO takes -log sigmoid(margin).",
    "squared": "this is the squared distance of IPO to a difference of 1 / (2 beta). DPO takes "
    "-log sigmoid(margin).",
    "each on its own": "each log-ratio is pushed on its own, one up and one down. Only their "
    "difference counts.",
    "difference of log sigmoids": "the log sigmoid is taken of each log-ratio, then the "
    "difference. Take the difference of the log-ratios first.",
    "sigmoid of each": "the log-ratios go through a sigmoid before they are compared. Take their "
    "difference as they are.",
    "accuracy": "this is the accuracy, the share of pairs ranked rightly. A count has no gradient.",
    "share of errors": "this is the share of pairs ranked wrongly. A count has no gradient.",
    **{
        f"margins cut at {most}": f"the margins are cut at {most}: a pair further the wrong way "
        f"has no gradient. {_STABLE}"
        for most in CUTS
    },
    "chosen detached": "no gradient reaches chosen_log_probs: the policy is taught by both "
    "answers.",
    "rejected detached": "no gradient reaches rejected_log_probs: the policy is taught by both "
    "answers. Only the reference is frozen.",
    "both detached": "the value is right, and nothing can be learned from it: the margin has no "
    "gradient. Only the reference is frozen.",
}
