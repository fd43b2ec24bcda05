"""Losses of an actor-critic, and the mistakes that people make in them."""


def losses(log_probs, values, next_values, rewards, terminated, gamma):
    """The policy loss, which moves log_probs alone, and the value loss."""
    targets = rewards + gamma * next_values.detach() * ~terminated
    advantages = (targets - values).detach()
    return -(log_probs * advantages).mean(), ((targets - values) ** 2).mean() / 2


def _target(values, next_values, rewards, terminated, gamma):
    return rewards + gamma * next_values.detach() * ~terminated


def _with_target(target_of):
    """A wrong answer: the right losses, with another target."""

    def wrong(log_probs, values, next_values, rewards, terminated, gamma):
        targets = target_of(values, next_values, rewards, terminated, gamma)
        advantages = (targets - values).detach()
        return -(log_probs * advantages).mean(), ((targets - values) ** 2).mean() / 2

    return wrong


def _with_weight(weight_of):
    """A wrong answer: something else than the advantage, in the policy loss alone."""

    def wrong(log_probs, values, next_values, rewards, terminated, gamma):
        targets = _target(values, next_values, rewards, terminated, gamma)
        weights = weight_of(rewards, values, targets)
        return -(log_probs * weights).mean(), ((targets - values) ** 2).mean() / 2

    return wrong


def _with_value_loss(loss_of):
    """A wrong answer: another value loss, made of errors and log_probs."""

    def wrong(log_probs, values, next_values, rewards, terminated, gamma):
        targets = _target(values, next_values, rewards, terminated, gamma)
        advantages = (targets - values).detach()
        return -(log_probs * advantages).mean(), loss_of(targets - values, log_probs)

    return wrong


def _changed(change):
    """A wrong answer: the two right losses, changed."""

    def wrong(log_probs, values, next_values, rewards, terminated, gamma):
        right = losses(log_probs, values, next_values, rewards, terminated, gamma)
        return change(*right, len(rewards))

    return wrong


def _with_errors(losses_of):
    """A wrong answer, made of log_probs and errors through which gradients flow."""

    def wrong(log_probs, values, next_values, rewards, terminated, gamma):
        targets = rewards + gamma * next_values * ~terminated
        return losses_of(log_probs, targets, values)

    return wrong


def _returns(values, next_values, rewards, terminated, gamma, behind=0.0):
    """Sums of discounted rewards down to each end, in place of targets."""
    returns = rewards.clone()
    for t in reversed(range(len(rewards))):
        behind = rewards[t] + gamma * behind * ~terminated[t]
        returns[t] = behind
    return returns


def _returns_bootstrapped(values, next_values, rewards, terminated, gamma):
    behind = next_values[-1].detach()
    return _returns(values, next_values, rewards, terminated, gamma, behind)


def _returns_over_ends(values, next_values, rewards, terminated, gamma):
    return _returns(values, next_values, rewards, terminated & False, gamma)


def _next_row(values, next_values, rewards, terminated, gamma):
    shifted = 0 * values.detach()
    shifted[:-1] = values.detach()[1:]
    return rewards + gamma * shifted * ~terminated


def _huber(errors, log_probs):
    sizes = errors.abs()
    return (sizes.clamp(max=1) * (sizes - sizes.clamp(max=1) / 2)).mean()


def _normalized(rewards, values, targets):
    advantages = (targets - values).detach()
    return (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)


def _normalized_sample(rewards, values, targets):
    advantages = (targets - values).detach()
    centered = advantages - advantages.mean()
    return centered / (centered.square().sum() / (len(centered) - 1)).sqrt()


def _no_log(log_probs, values, next_values, rewards, terminated, gamma):
    return losses(log_probs.exp(), values, next_values, rewards, terminated, gamma)


def _log_probs_detached(log_probs, values, next_values, rewards, terminated, gamma):
    return losses(log_probs.detach(), values, next_values, rewards, terminated, gamma)


def _half_square(errors):
    return (errors**2).mean() / 2


def _mean_error(values, targets):
    return (targets - values).detach().mean()


MISTAKES = {
    "no mask": _with_target(lambda v, following, r, ended, gamma: r + gamma * following.detach()),
    "mask turned round": _with_target(
        lambda v, following, r, ended, gamma: r + gamma * following.detach() * ended
    ),
    "mask on the reward": _with_target(
        lambda v, following, r, ended, gamma: (r + gamma * following.detach()) * ~ended
    ),
    "gamma forgotten": _with_target(
        lambda v, following, r, ended, gamma: r + following.detach() * ~ended
    ),
    "gamma on the reward": _with_target(
        lambda v, following, r, ended, gamma: gamma * (r + following.detach() * ~ended)
    ),
    "own value bootstraps": _with_target(
        lambda v, following, r, ended, gamma: r + gamma * v.detach() * ~ended
    ),
    "values of the next row": _with_target(_next_row),
    "returns": _with_target(_returns),
    "returns, bootstrapped at the end": _with_target(_returns_bootstrapped),
    "returns over the ends": _with_target(_returns_over_ends),
    "target for advantage": _with_weight(lambda r, values, targets: targets),
    "reward for advantage": _with_weight(lambda r, values, targets: r),
    "value for advantage": _with_weight(lambda r, values, targets: values.detach()),
    "advantage normalized": _with_weight(_normalized),
    "normalized, sample deviation": _with_weight(_normalized_sample),
    "mean of the advantages": _with_weight(lambda r, values, targets: _mean_error(values, targets)),
    "policy loss moves the critic": _with_weight(lambda r, values, targets: targets - values),
    "Huber": _with_value_loss(_huber),
    "Huber halved": _with_value_loss(lambda errors, log_probs: _huber(errors, log_probs) / 2),
    "absolute error": _with_value_loss(lambda errors, log_probs: errors.abs().mean()),
    "not squared": _with_value_loss(lambda errors, log_probs: errors.mean() / 2),
    "squared mean": _with_value_loss(lambda errors, log_probs: errors.mean() ** 2 / 2),
    "target moves": _with_errors(
        lambda log_probs, y, v: (-(log_probs * (y - v).detach()).mean(), _half_square(y - v))
    ),
    "target moves, half missing": _with_errors(
        lambda log_probs, y, v: (-(log_probs * (y - v).detach()).mean(), 2 * _half_square(y - v))
    ),
    "nothing detached": _with_errors(
        lambda log_probs, y, v: (-(log_probs * (y - v)).mean(), _half_square(y - v))
    ),
    "nothing detached, half missing": _with_errors(
        lambda log_probs, y, v: (-(log_probs * (y - v)).mean(), 2 * _half_square(y - v))
    ),
    "moves the critic, half missing": _with_errors(
        lambda log_probs, y, v: (
            -(log_probs * (y.detach() - v)).mean(),
            2 * _half_square(y.detach() - v),
        )
    ),
    "value detached instead": _with_errors(
        lambda log_probs, y, v: (
            -(log_probs * (y - v).detach()).mean(),
            _half_square(y - v.detach()),
        )
    ),
    "all detached": _changed(lambda policy, value, n: (policy, value.detach())),
    "log_probs detached": _log_probs_detached,
    "probabilities": _no_log,
    "sign of the policy loss": _changed(lambda policy, value, n: (-policy, value)),
    "sign of the value loss": _changed(lambda policy, value, n: (policy, -value)),
    "swapped": _changed(lambda policy, value, n: (value, policy)),
    "half missing": _changed(lambda policy, value, n: (policy, 2 * value)),
    "half taken twice": _changed(lambda policy, value, n: (policy, value / 2)),
    "sums": _changed(lambda policy, value, n: (n * policy, n * value)),
    "sum of the policy loss": _changed(lambda policy, value, n: (n * policy, value)),
    "sum of the value loss": _changed(lambda policy, value, n: (policy, n * value)),
    "sum returned first": _changed(lambda policy, value, n: (policy + value, value)),
    "sum returned second": _changed(lambda policy, value, n: (policy, policy + value)),
}

HINTS = {
    "no mask": "where terminated is True nothing follows: the target is the reward alone.",
    "mask turned round": "terminated is True at the end. The next value counts everywhere "
    "else: multiply it by ~terminated.",
    "mask on the reward": "the step that ends the episode has a reward, too: only the next "
    "value is masked.",
    "gamma forgotten": "the next value needs its gamma.",
    "gamma on the reward": "gamma stands before the next value alone, not before the reward.",
    "own value bootstraps": "you took values for next_values: the target looks at V(s').",
    "values of the next row": "you took values[t + 1] for V(s'). At the last step and after "
    "an end that is another state, or none: use next_values.",
    "returns": "the target is the sum of all later rewards. Asked is one step and the next "
    "value: r + gamma * V(s').",
    "returns, bootstrapped at the end": "the target is the sum of all later rewards, with a "
    "value behind the last. Asked is one step and the value behind each.",
    "returns over the ends": "the target is the sum of all later rewards, those of the next "
    "episode, too. Asked is one step and the next value: r + gamma * V(s').",
    "target for advantage": "the policy loss multiplies log_probs by the target. Subtract "
    "V(s): the advantage is target - value.",
    "reward for advantage": "the policy loss multiplies log_probs by the reward alone. The "
    "advantage is target - value.",
    "value for advantage": "the policy loss multiplies log_probs by V(s). The advantage is "
    "target - value.",
    "advantage normalized": "the advantages are normalized. The loss takes them as they are.",
    "normalized, sample deviation": "the advantages are normalized, dividing by n - 1. "
    "Leave them in units of reward.",
    "mean of the advantages": "the mean is taken before multiplying. Each log_prob has its own "
    "advantage: multiply, then average.",
    "policy loss moves the critic": "the policy loss reaches the critic through the "
    "advantage, and would raise or lower values to make the loss small. Detach the advantage.",
    "Huber": "this is the Huber loss: beyond an error of 1 its slope stops growing. Here half "
    "the squared error is asked for.",
    "Huber halved": "this is half the Huber loss. The half belongs to the squared error; Huber "
    "has it inside.",
    "absolute error": "this is the absolute error. Square it, and halve it.",
    "not squared": "the value loss must square the error, or it falls without end.",
    "squared mean": "square first, then average: errors of opposite sign must not cancel.",
    "target moves": "the value loss reaches next_values through the target, and would move "
    "the target towards the value. Detach next_values.",
    "target moves, half missing": "detach next_values, or the value loss moves the target. And "
    "half the mean squared error is wanted.",
    "nothing detached": "advantages and targets are numbers to learn from: detach the "
    "advantage in the policy loss and next_values in the target.",
    "nothing detached, half missing": "nothing is detached: neither the advantage in the policy "
    "loss nor next_values in the target. And the half is missing.",
    "moves the critic, half missing": "detach the advantage, or the policy loss moves the "
    "critic. And half the mean squared error is wanted.",
    "value detached instead": "you detached V(s) and let the target move. It is V(s) that "
    "must learn: detach next_values.",
    "all detached": "the error is detached in both losses, so the critic never learns. "
    "Detach it in the policy loss only, and next_values in the target.",
    "log_probs detached": "log_probs is detached, so the policy never learns.",
    "probabilities": "you multiply probabilities by the advantage. The log_probs come as they "
    "are, without exp.",
    "sign of the policy loss": "optimizers go downhill: the policy loss needs a minus, so "
    "that a positive advantage makes the action more likely.",
    "sign of the value loss": "this drives the value away from its target: the squared "
    "error itself is the loss.",
    "swapped": "return the policy loss first, then the value loss.",
    "half missing": "the value loss is half the mean squared error. Twice as much is no "
    "mistake of principle: it doubles the critic's learning rate.",
    "half taken twice": "the value loss is halved twice. Whoever trains weighs it; return half "
    "the mean squared error.",
    "sums": "take means over the steps, not sums.",
    "sum of the policy loss": "the policy loss is a sum. Take the mean over the steps.",
    "sum of the value loss": "the value loss is a sum. Take the mean over the steps.",
    "sum returned first": "the first loss moves the values, too. Return the policy loss alone; "
    "whoever trains adds the two.",
    "sum returned second": "the second loss moves log_probs, too. Return the value loss "
    "alone; whoever trains adds the two.",
}
