"""What the checker of an epoch of DPO says to each known mistake."""

_OVERFLOW = (
    "exp of a large number is infinite, and infinity over infinity no number. "
    "1 / (1 + exp(margin)) has no such quotient."
)

HINTS = {
    "sigmoid of the margin": "the weight is the sigmoid of the margin. It is that of minus the "
    "margin: a pair that is settled pulls least.",
    "no weight": "every pair pulls with full weight, as with the loss -margin. The slope of "
    "-log sigmoid(margin) is the sigmoid of minus the margin.",
    "always one half": "the weight is always 1/2: is the reference taken from the current policy? "
    "It stays fixed while the policy moves.",
    "minus the margin": "the weight is minus the margin, the slope of a square. That of -log "
    "sigmoid(margin) is the sigmoid of minus the margin.",
    "loss as the weight": "the weight is the loss itself. Its slope is wanted: the sigmoid of "
    "minus the margin.",
    "slope of the sigmoid": "this is the slope of the sigmoid. The loss has its logarithm: the "
    "weight is the sigmoid of minus the margin alone.",
    "hinge": "the weight is 1 below a margin of 1 and 0 above, that of a hinge loss. DPO's is the "
    "sigmoid of minus the margin.",
    "wrong pairs alone": "only pairs with a negative margin move anything. DPO's weight is the "
    "sigmoid of minus the margin, 1/2 at margin 0.",
    "overflow": f"{_OVERFLOW} Nor needs the margin a softmax: what that subtracts from all logits "
    "cancels.",
    "overflow in two logits": _OVERFLOW,
    "reference ignored": "the reference is ignored: the margin compares log-ratios to it.",
    "policy ignored": "the policy is ignored in the margin: it compares log-ratios, policy minus "
    "reference, with the logits as they stand.",
    "reference added": "the log-probabilities of the reference are added. Subtract them.",
    "reference as probabilities": "exp is taken of ref_log_probs. They are subtracted as they are.",
    "probabilities": "the margin is one of probabilities. Take log-probabilities.",
    "chosen alone in the margin": "the margin has no rejected answer: it is the difference of two "
    "log-ratios.",
    "beta missing inside": "beta is missing in the margin, inside the sigmoid.",
    "divided by beta inside": "the margin is divided by beta. Multiply.",
    "beta on the policy alone": "beta multiplies the policy's part of the margin alone. It "
    "multiplies the whole difference of log-ratios.",
    "beta missing outside": "beta is missing in front of the weight: by the chain rule it comes "
    "out of the margin.",
    "divided by beta outside": "the step is divided by beta. By the chain rule it is multiplied.",
    "beta twice outside": "beta stands in front of the weight twice. Once is enough.",
    "half each": "each logit moves half as far as it should. The gradient is +1 for the chosen "
    "logit and -1 for the rejected one: the move is not shared between them.",
    "twice as far": "each logit moves twice as far as it should: learning rate times beta times "
    "the weight, once.",
    "rate missing": "the learning rate is missing in the step.",
    "sign": "the step goes uphill. Descent raises the logit of the chosen answer.",
    "beta missing": "beta is missing: it stands in the margin, and by the chain rule in front of "
    "the weight.",
    "chosen alone": "only the chosen answer's logit moves. The rejected one goes down by as much.",
    "rejected alone": "only the rejected answer's logit moves. The chosen one goes up by as much.",
    "both raised": "both logits go up. The rejected one goes down, by as much as the chosen one "
    "goes up.",
    "both at once": "logits[[chosen, rejected]] += ... keeps only the last change where both are "
    "one answer. An answer compared with itself moves nothing.",
    "score of the chosen alone": "this is the gradient of log pi of the chosen answer alone. That "
    "of the rejected one is subtracted, and all probabilities cancel.",
    "score of the rejected alone": "this is the gradient of log pi of the rejected answer alone. "
    "That of the chosen one belongs to it, and all probabilities cancel.",
    "probabilities subtracted": "the probabilities are subtracted once. They stand in the gradient "
    "of both log-probabilities, and cancel: only two logits move.",
    "each by its own rest": "the chosen logit moves by 1 - pi, the rejected one by its pi, as if "
    "each were alone. With all terms the probabilities cancel: both move by as much.",
    "each less its own probability": "each logit moves by 1 - its own probability. In the "
    "difference of the two log-probabilities the probabilities cancel: both move by as much.",
    "each times its probability": "each move is multiplied by the answer's probability. The "
    "gradient of a log-probability has no such factor.",
    "each on its own": "each answer is weighed by its own reward, one up and one down. A pair "
    "has one weight, from its margin, and then the probabilities cancel.",
    "supervised": "this is a step of supervised learning on the chosen answer, without a weight "
    "and without the rejected one.",
    "weight again between": "the weight is computed again between the two moves. One step moves "
    "both logits with the weight from before it.",
    "one batch": "all weights come from the first logits: this is one step on all pairs at once. "
    "Take each margin from the logits as they stand.",
    "one batch, the mean": "this is one step on the mean loss of all pairs. Take a step after "
    "each pair.",
    "weight of the first pair": "the weight is computed once, from the first pair. Each pair has "
    "its own margin, from the logits as they stand.",
    "gradients added up": "the gradients of all earlier steps are in each step. In torch, call "
    "zero_() on the gradient before each backward.",
    "reference from the step before": "the reference moves along, one step behind the policy. It "
    "stays fixed.",
    "start as the reference": "the first policy is taken for the reference. Both are given, and "
    "they may differ: use ref_log_probs.",
    "backwards": "the pairs are taken from the last to the first. Their order matters: each step "
    "changes the margins of the next.",
    "pair exchanged": "the first answer of each pair is taken for the rejected one. Pairs are "
    "(chosen, rejected).",
    "first pair alone": "only the first pair is used: does return stand inside the loop?",
    "last pair alone": "only the last pair is left: each step starts from the first logits. Go on "
    "from those of the step before.",
    "last pair left out": "the last pair is left out.",
    "first pair left out": "the first pair is left out.",
    "ends at equal answers": "the loop ends at a pair of two equal answers. It moves nothing, and "
    "the pairs behind it count: continue, not break.",
    "twice": "the pairs are used twice. One epoch visits each once.",
    "logits as they were": "the logits come back as they were. Is the result of the steps "
    "returned, or the argument?",
    "change alone": "this is the change; add it to the logits.",
    "probabilities returned": "these are the probabilities. Return the logits.",
    "log-probabilities returned": "these are log-probabilities: the policy is right, but its "
    "logits are shifted. Steps of gradient descent leave the sum of the logits as it was.",
    "rewards returned": "these are the implicit rewards. Return the logits.",
    "logits centred": "the mean is subtracted from the logits: the policy is right, but steps of "
    "gradient descent leave the sum of the logits as it was.",
    "logits shifted by the largest": "the largest logit is subtracted: the policy is right, but "
    "steps of gradient descent leave the sum of the logits as it was.",
}
