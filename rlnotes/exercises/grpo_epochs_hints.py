"""What the checker of epochs on one group says to each known mistake."""

_MEAN_ONLY = "Here only the mean is subtracted, as in Dr. GRPO."

HINTS = {
    "ratio to the step before": "every step is the first one again, at ratio 1, and nothing is "
    "ever clipped. Is the old policy taken anew in each epoch, or the gradient before the loop? "
    "The ratio compares the current policy with the one before the first step.",
    "old policy a step behind": "the old policy follows, one step behind. It stays the one before "
    "the first step: it has drawn the answers.",
    "no ratio in the gradient": "the ratio is missing in the gradient: that of ratio * A is "
    "ratio * A * d log pi.",
    "never clipped": "nothing is clipped. Where the clipped objective is the smaller one, the "
    "gradient is 0.",
    "flat on both sides": "the gradient is 0 wherever the ratio is outside the range. A bad answer "
    "that became likelier, and a good one that became less likely, still count: the minimum is "
    "not the clipped one there.",
    "flat on both sides, no ratio": "the gradient is 0 wherever the ratio is outside the range, "
    "and the ratio is missing in it. See which of the two the minimum keeps.",
    "maximum": "the larger of the two is kept: the gradient stops for those that went the wrong "
    "way, and flows for those that went far enough.",
    "clipped ratio as the weight": "the clipped ratio stands in the gradient. A clipped ratio is a "
    "constant: its gradient is 0.",
    "objective as the weight": "the minimum itself multiplies d log pi. Where it is the clipped "
    "objective it is a constant: its gradient is 0.",
    "good answers clipped alone": "bad answers are never clipped. With a negative advantage the "
    "gradient stops below 1 - epsilon.",
    "bad answers clipped alone": "good answers are never clipped. With a positive advantage the "
    "gradient stops above 1 + epsilon.",
    "above clipped for all": "the gradient stops above 1 + epsilon, whatever the advantage. With a "
    "negative one it stops below 1 - epsilon instead.",
    "below clipped for all": "the gradient stops below 1 - epsilon, whatever the advantage. With a "
    "positive one it stops above 1 + epsilon instead.",
    "clip without one": "the range is -epsilon ... epsilon. It lies around 1.",
    "log-ratio clipped": "the logarithm of the ratio is compared with epsilon. Compare the ratio "
    "with 1 + epsilon and 1 - epsilon.",
    "ratio inverted": "the ratio is turned round: it is the current probability divided by the old "
    "one.",
    "ratio of the logits": "the ratio is exp of the difference of logits. Their normalizer has "
    "changed, too: take probabilities.",
    "probability for the ratio": "the probability stands where the ratio should: divide by the old "
    "one.",
    "stopped by the mean ratio": "one mean ratio decides for all. Each answer of the group has its "
    "own.",
    "pi of the first policy": "pi in d log pi is the first policy's. It is the current one's.",
    "one-hot alone": "minus pi is missing: d log pi of an answer is its one-hot vector minus all "
    "probabilities.",
    "pi once for the group": "pi is subtracted once, without the weights. Each answer brings its "
    "weight times (one-hot minus pi).",
    "pi once for each answer": "the weight multiplies the one-hot vector alone. It multiplies all "
    "of d log pi: one-hot minus pi.",
    "one-hot plus pi": "pi is added. d log pi of an answer is its one-hot vector minus pi.",
    "own entry alone": "only the answer's own logit moves. All others do, by minus their "
    "probability.",
    "gradient of the probability": "this is the gradient of pi, not of log pi: a factor pi of the "
    "answer too many.",
    "softmax's slope as a diagonal": "only pi (1 - pi) of the answer is used. d log pi of an "
    "answer is its one-hot vector minus pi.",
    "uniform in place of pi": "the same is subtracted from all logits. d log pi of an answer is "
    "its one-hot vector minus pi.",
    "last draw of each answer": "of an answer that was drawn twice only the last draw counts: "
    "change[answers] += ... keeps one. Use a loop, np.add.at or one-hot rows.",
    "last draw, one-hot alone": "logits[answers] += ... keeps only the last draw of an answer, and "
    "moves no other logit: d log pi is the one-hot vector minus pi.",
    "each answer once": "each different answer counts once. Every draw counts.",
    "mean over those that flow": "you divide by the number of answers whose gradient flows. The "
    "mean is over all G: the flat ones add 0.",
    "sum over the group": "the group is summed. Take the mean over its G answers.",
    "mean over possible answers": "you divide by the number of possible answers. Divide by the "
    "number of those drawn.",
    "descent": "the steps go downhill. The objective is to be maximized.",
    "overflow": "exp of a large logit is infinite. Subtract the largest logit first: the "
    "probabilities stay the same.",
    "advantages turned round": "the advantages are turned round: reward minus mean.",
    "no baseline": "the rewards are used as they came. Subtract their mean.",
    "sample std": f"the advantages are divided by the standard deviation (G - 1). {_MEAN_ONLY}",
    "sample std, 1e-8": f"the advantages are divided by the standard deviation (G - 1) plus 1e-8. "
    f"{_MEAN_ONLY}",
    "sample std, nothing added": "the advantages are divided by the standard deviation (G - 1), "
    f"which is 0 for equal rewards. {_MEAN_ONLY}",
    "population std": f"the advantages are divided by the standard deviation (G). {_MEAN_ONLY}",
    "population std, 1e-8": f"the advantages are divided by the standard deviation (G) plus 1e-8. "
    f"{_MEAN_ONLY}",
    "population std, nothing added": "the advantages are divided by the standard deviation (G), "
    f"which is 0 for equal rewards. {_MEAN_ONLY}",
    "leave one out": "the mean of the others is subtracted. Subtract the mean of the whole group.",
    "divided by the mean": f"the advantages are divided by the mean. {_MEAN_ONLY}",
    "median": "the median is subtracted. Take the mean.",
    "mean of distinct answers": "the mean is that of the different answers. Take the mean over all "
    "draws.",
    "signs alone": "only the signs of the advantages are used.",
    "good answers alone": "answers below the mean are left out. They are pushed down.",
    "one epoch": "only one step is made: does return stand inside the loop, or does each step "
    "start from the first logits?",
    "one epoch more": "one step too many.",
    "one epoch less": "one step too few.",
    "gradients added up": "the gradients of all earlier steps are in each step. In torch, call "
    "zero_() on the gradient before each backward.",
    "one by one": "a step is made after each answer. Take one step on the mean over the group.",
    "until one stops": "the loop ends at the first answer on the flat side. Its gradient is 0, but "
    "the others go on.",
    "rate missing": "the learning rate is missing.",
    "rate divided": "the learning rate is divided by the number of epochs. Each step has the whole "
    "rate.",
    "logits as they were": "the logits come back as they were. Is the result of the steps "
    "returned, or the argument?",
    "change alone": "this is the change; add it to the logits.",
    "probabilities returned": "these are the probabilities. Return the logits.",
    "log-probabilities returned": "these are log-probabilities: the policy is right, but its "
    "logits are shifted. Steps along the gradient leave the sum of the logits as it was.",
    "logits centred": "the mean is subtracted from the logits: the policy is right, but steps "
    "along the gradient leave the sum of the logits as it was.",
    "logits shifted by the largest": "the largest logit is subtracted: the policy is right, but "
    "steps along the gradient leave the sum of the logits as it was.",
}
