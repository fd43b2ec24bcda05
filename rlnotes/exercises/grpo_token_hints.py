"""What the checker of GRPO's loss says to each known mistake."""

_SELECT = "nan * 0 is nan. Select with np.where(mask, ..., 0), or losses[mask]."

HINTS = {
    "mean over all tokens": "this is the mean over all tokens of the batch, as in DAPO: long "
    "answers count more. Take each answer's mean first, then the mean over the answers.",
    "divided by T": "the sums are divided by T, padding included. Divide each by its answer's "
    "number of counted tokens.",
    "divided by the longest": "the sums are divided by the longest length, as in Dr. GRPO. The "
    "paper's GRPO divides each by its own.",
    "sum over the tokens": "the tokens of an answer are added up. Divide by their number: the mean "
    "of each answer.",
    "sum over the answers": "the answers are added up. Take their mean.",
    "sum over all": "everything is added up. Take each answer's mean, then the mean over the "
    "answers.",
    "one row for each answer": "this is the first answer's loss alone. Take the mean over all.",
    "padding counted": "the padding counts, too. Only tokens with mask True do.",
    "nan times zero": f"the mask is multiplied, and {_SELECT}",
    "nan times zero, all tokens": f"the mean is one over all tokens, not one for each answer. And "
    f"{_SELECT}",
    "nan times zero, divided by T": f"padding counts in the number of tokens. And {_SELECT}",
    "nan set to zero": "what is nan is set to 0 and still counted, and so is other padding. Go by "
    "the mask.",
    "nan left out": "what is nan is left out, but other padding is not. Go by the mask.",
    "first places": "as many places from the left are read as tokens count. They need not stand "
    "there: go by the mask.",
    "last token left out": "the last token of each answer is left out. Where an answer ends is an "
    "action, too.",
    "mask inverted": "the mask is turned round: True counts.",
    "maximum": "the larger of the two is taken. PPO's objective is the smaller one.",
    "always clipped": "the clipped ratio is used alone. The minimum lets a bad token's loss grow "
    "beyond it.",
    "never clipped": "nothing is clipped.",
    "minimum of the ratios": "the minimum is taken before the advantage is multiplied: for a "
    "negative advantage this is the wrong one. Multiply both, then take the minimum.",
    "zero where clipped": "where the ratio is outside the range you put 0. Only the gradient "
    "vanishes there: the value is the clipped one.",
    "clip without one": "the ratio is clipped to -epsilon ... epsilon. The range lies around 1.",
    "clip at 0 and 1 + epsilon": "the ratio has no lower limit. It is 1 - epsilon, for negative "
    "advantages.",
    "clip of the objective": "ratio times advantage is clipped. Clip the ratio, then multiply.",
    "clip at the inverse": "the lower limit is 1 / (1 + epsilon). It is 1 - epsilon.",
    "clip of the logarithm": "the logarithm of the ratio is clipped at -epsilon and epsilon. Clip "
    "the ratio at 1 - epsilon and 1 + epsilon.",
    "bad tokens bounded": "the loss of a bad token is bounded at 3 |A|, the dual clip. The paper's "
    "GRPO has no such bound.",
    "advantage once": "the advantage multiplies the clipped ratio only. Multiply both, then take "
    "the minimum.",
    "ratio inverted": "the ratio is turned round: it is the new policy's probability divided by "
    "the old one's.",
    "ratio to the reference": "the ratio compares with the reference. It compares with the policy "
    "that sampled; the reference has its place in the KL alone.",
    "log-ratio": "exp is missing: the difference of log-probabilities is the logarithm of the "
    "ratio.",
    "probabilities": "the ratio lacks its denominator, the old policy's probability.",
    "quotient of logarithms": "the logarithms are divided. The ratio is exp of their difference.",
    "ratio of the whole answer": "the ratio is that of the whole answer, a product over its "
    "tokens. GRPO has one for each token.",
    "ratio of the answer, per token": "the ratio is the geometric mean over the answer, as in "
    "GSPO. GRPO has one for each token.",
    "ratio until the token": "the ratios are multiplied up to each token. GRPO takes each token's "
    "own.",
    "means first": "ratios and clipped ratios are averaged, and the minimum is taken of the means. "
    "Take it for each token.",
    "mean ratio first": "the tokens' ratios are averaged, then clipped. Clip each token's own.",
    "last token rewarded": "the advantage stands at the last token only. Every token of an answer "
    "has it.",
    "advantages whitened": "the advantages are normalized again. They come as they should be used.",
    "advantages' sizes": "the signs of the advantages are lost.",
    "advantages centred": "the mean is subtracted from the advantages again. They come as they "
    "should be used.",
    "advantages shared out": "the advantage is divided among the tokens, and then the mean divides "
    "again. Each token has the whole advantage.",
    "no advantages": "the advantages are not used.",
    "KL with the wrong sign": "the KL is rewarded. It is a price: added to the loss.",
    "KL left out": "the KL is left out.",
    "KL alone": "this is the KL alone: the clipped objective is missing.",
    "beta missing": "beta is missing: it multiplies the KL.",
    "one minus beta": "the objective has the weight 1 - beta. Its weight is 1.",
    "k1": "this is k1, the log-ratio. GRPO uses k3, which is never negative.",
    "k1 turned round": "this is the log-ratio, and reference over policy at that. Use k3: "
    "exp(d) - 1 - d, with d = log pi_ref - log pi.",
    "k1's size": "the KL is the size of the log-ratio. Use k3: exp(d) - 1 - d, with d = log pi_ref "
    "- log pi.",
    "k2": "this is k2, half the squared log-ratio. GRPO uses k3.",
    "square of the log-ratio": "the KL is the squared log-ratio. Use k3: exp(d) - 1 - d, with d = "
    "log pi_ref - log pi.",
    "k3 inverted": "the ratio in k3 is turned round: it is reference over policy.",
    "k3 half inverted": "the ratio and its logarithm do not fit in k3: both are of reference over "
    "policy.",
    "k3, logarithm added": "the logarithm is added in k3. It is subtracted: exp(d) - 1 - d.",
    "k3 without minus one": "-1 is missing in k3, which is 0 where both agree: exp(d) - 1 - d.",
    "k3 without the logarithm": "the logarithm is missing in k3: exp(d) - 1 - d.",
    "k3 to the old policy": "the KL compares with the old policy. It compares with the reference.",
    "k3 of old policy and reference": "the KL is that of the old policy: it does not change while "
    "the policy learns. Use log_probs.",
    "k3 of a clipped ratio": "the ratio in the KL is clipped, too. The clip belongs to the "
    "objective alone.",
    "k3 times the ratio": "k3 is multiplied by the ratio to the old policy. That mends its "
    "gradient; the paper's loss is without it.",
    "k3 times the probability": "k3 is multiplied by the token's probability. The tokens are "
    "samples: that is their weight already.",
    "k3 times the advantage": "the KL is multiplied by the advantage. Its price is beta, the same "
    "for all answers.",
    "k3 of the whole answer": "k3 is taken of the whole answer's log-ratio. GRPO takes it for each "
    "token.",
    "KL summed": "the KL is added up over the answer's tokens. It belongs inside the mean.",
    "KL averaged over all tokens": "the KL is averaged over all tokens of the batch. Like the "
    "objective, it is averaged over each answer first.",
    "KL in the advantage": "the KL is subtracted from the advantage, as RLHF does with rewards. In "
    "GRPO it stands beside the minimum.",
    "nothing subtracted": "the objective is added to the loss: what is minimized would get worse.",
    "to be maximized": "this is the objective, to be maximized. The loss is minus it.",
}
