"""Mutations of right answers that are right answers, too, each with the reason."""

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
}
