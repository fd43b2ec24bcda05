"""Mutations that the checkers accept, each with the reason why nothing has changed.

exercise -> change, as `mutations` names it -> why it is still the same function.
"""

_NOT_USED = "the right targets do not depend on truncated"

EQUIVALENT = {
    "returns_to_go": {
        "_returns_backward: returns, running = (np.zeros(len(rewards)), 0.0)  ->  "
        "returns, running = (np.ones(len(rewards)), 0.0)": "every entry is overwritten",
    },
    "q_from_v": {
        "_q_by_loops: answer = np.zeros((num_states, num_actions))  ->  "
        "answer = np.ones((num_states, num_actions))": "every entry is overwritten",
    },
    "q_learning_update": {
        "next_q_values reversed": "a maximum does not depend on the order",
    },
    "q_learning_loop": {
        "q_table: q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))"
        "  ->  q = np.full((env.observation_space.n, env.action_space.n), initial_value)": "the "
        "initial values of the cases are floats.",
    },
    "dqn_targets": {
        "truncated zero": _NOT_USED,
        "truncated one": _NOT_USED,
        "truncated reversed": _NOT_USED,
        "truncated inverted": _NOT_USED,
    },
    "replay_weights": {
        "_weights_by_array: weights = (len(probs) * probs) ** (-beta)  ->  "
        "weights = probs ** (-beta)": "the factor N ** -beta is in the largest weight, too",
    },
    "reinforce_gradient": {
        "add_up: probs = softmax_policy(logits) if probs is None else probs"
        "  ->  probs = softmax_policy(logits)": "the solution passes no probs; wrong answers do.",
    },
    "actor_critic_losses": {
        "_losses_by_loop: policy_loss = value_loss = 0.0"
        "  ->  policy_loss = value_loss = 1.0": "a constant in a loss has no gradient.",
        "_losses_by_loop: policy_loss = value_loss = 0.0"
        "  ->  policy_loss = value_loss = -1.0": "a constant in a loss has no gradient.",
        "_losses_by_loop: error = rewards[t].item() + bootstrap - values[t]"
        "  ->  error = rewards[t] + bootstrap - values[t]": "the rewards require no gradient, so "
        "their tensor and their number are the same.",
    },
    "gae": {
        "gae_backward: advantages, running = (np.zeros(len(rewards)), 0.0)"
        "  ->  advantages, running = (np.ones(len(rewards)), 0.0)": "the loop overwrites each "
        "entry.",
    },
    "lambda_targets": {
        "_targets_backward: targets, following = (np.zeros(len(rewards)), next_values[-1])"
        "  ->  targets, following = (np.ones(len(rewards)), next_values[-1])": "the loop "
        "overwrites each entry.",
    },
    "token_advantages": {
        "_tokens_at_once: weights = np.where(gaps >= 0, gae_lambda ** np.maximum(gaps, 0), 0.0)"
        "  ->  weights = np.where(gaps >= 0, gae_lambda ** np.maximum(gaps, -1), 0.0)": "where the "
        "maximum is -1 the gap is negative, and np.where takes 0.0.",
    },
    "values_before_tokens": {
        f"_values_by_gathering: columns = np.where(completion_mask, columns, 0)"
        f"  ->  columns = np.where(completion_mask, columns, {other})": "whatever stands in the "
        "padding, the last line sets it to 0."
        for other in (1, -1)
    },
    "natural_step_search": {
        "natural_search: return np.zeros(len(slope))  ->  return -np.zeros(len(slope))": "0 has no "
        "sign.",
    },
    "effective_samples": {
        "_estimate_by_loop: total, first, second = "
        "(total + weight * value, first + weight, second + weight * weight)"
        "  ->  total, first, second = "
        "(total + weight * value, first - weight, second + weight * weight)": "`first` is turned "
        "round as a whole, and enters as its square.",
    },
    "ppo_objectives": {
        "_grid: return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])"
        "  ->  return [unclipped, clipped, np.minimum(unclipped, clipped)]": "a list of three rows "
        "holds the same numbers.",
        "_grid_by_sign: kept = min(ratio, 1 + clip_epsilon) if advantage > 0 "
        "else max(ratio, 1 - clip_epsilon)"
        "  ->  kept = min(ratio, 1 + clip_epsilon) if advantage >= 0 "
        "else max(ratio, 1 - clip_epsilon)": "at A = 0 any ratio times A is 0.",
    },
    "ppo_loss": {
        "_loss_by_loop: if advantage > 0:  ->  if advantage >= 0:": "at A = 0 any ratio times A "
        "is 0, and so is its gradient.",
    },
    "token_ratios": {
        "_share_by_loop: too_far = ratio - 1 if advantage > 0 else 1 - ratio"
        "  ->  too_far = ratio - 1 if advantage >= 0 else 1 - ratio": "at A = 0 the next line "
        "counts nothing, whatever too_far is.",
    },
    "implied_preferences": {
        "_preferences_by_loops: answer = np.zeros((num_prompts, num_answers, num_answers))"
        "  ->  answer = np.ones((num_prompts, num_answers, num_answers))": "every entry is "
        "overwritten",
    },
    "grpo_token_loss": {
        "_loss_by_loop: kept = min(ratio, 1 + clip_epsilon) if advantage > 0 "
        "else max(ratio, 1 - clip_epsilon)"
        "  ->  kept = min(ratio, 1 + clip_epsilon) if advantage >= 0 "
        "else max(ratio, 1 - clip_epsilon)": "at A = 0 any ratio times A is 0.",
    },
    "field_f1": {
        "_match: return float(mine == true)  ->  return mine == true": "True counts as 1.",
        "_match: return 2 * _common(mine, true) / (len(mine) + len(true))"
        "  ->  return 2 * _common(true, mine) / (len(mine) + len(true))": "what two lists share "
        "has no direction.",
        "_counts: shares = [match(answer[key], target[key]) for key in answer if key in target]"
        "  ->  shares = [match(target[key], answer[key]) for key in answer if key in target]": "a "
        "match has no direction.",
        "_f1_by_means: return 0.0  ->  return -0.0": "0 has no sign.",
    },
    "adds_up": {
        "_add_up_in_cents: return round(amount * 100)  ->  return amount * 100": "decimals are "
        "exact: there is nothing to round.",
        "_add_up_in_cents: due = (abs(product) + 5000) // 10000 * (1 if product >= 0 else -1)"
        "  ->  due = (abs(product) + 5000) // 10000 / (1 if product >= 0 else -1)": "a division "
        "by 1 or -1.",
        **{
            "_add_up_in_cents: due = (abs(product) + 5000) // 10000 * (1 if product >= 0 else -1)"
            f"  ->  due = (abs(product) + 5000) // 10000 * (1 if product {other} else -1)": "the "
            "sign of less than half a cent, which is rounded to 0."
            for other in ("> 0", ">= 1", ">= -1")
        },
    },
    "hacking_patch": {
        "page reversed": "a row is found by its label, not by its place.",
    },
}
