"""A tiny language model's task: probabilities; its two MDPs agree."""

import math

import numpy as np
import pytest

from rlnotes.envs.token_tree import (
    BIGRAM_LOGITS,
    PROMPT,
    VOCABULARY,
    all_completions,
    all_prefixes,
    bigram_policy,
    completion_level_mdp,
    completion_probs,
    token_level_mdp,
    verifier_reward,
)
from rlnotes.exact.mdp import occupancy, optimal_values, policy_values, q_values

TEMPERATURES = [0.3, 1.0, 3.0]
ROUNDING = {"rtol": 0, "atol": 1e-12}  # sums and products of a few dozen numbers below 1


def probability_by_hand(text: str, temperature: float) -> float:
    result, last = 1.0, ""
    for token in text:
        logits = zip("12.", BIGRAM_LOGITS[last], strict=True)
        weights = {t: math.exp(logit / temperature) for t, logit in logits}
        result *= weights[token] / sum(weights.values())
        last = token
    return result


def test_there_are_27_completions_and_40_prefixes_all_different():
    completions, prefixes = all_completions(), all_prefixes()
    assert (len(completions), len(set(completions))) == (27, 27)
    assert (len(prefixes), len(set(prefixes))) == (40, 40)  # 1 + 3 + 9 + 27
    assert prefixes[:5] == ["", "1", "2", ".", "11"]
    assert prefixes[13:] == completions
    assert completions[:4] == ["111", "112", "11.", "121"]


def test_five_completions_earn_something():
    # "12" first: 121 122 12. ; "12" last: 112 212 .12. Only the clean one earns 1.
    paid = {text: verifier_reward(text) for text in all_completions() if verifier_reward(text)}
    assert paid == {"12.": 1, "121": 0.5, "122": 0.5, "112": 0.5, "212": 0.5, ".12": 0.5}


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_probabilities_of_the_27_completions(temperature):
    probs = completion_probs(bigram_policy(temperature=temperature))
    assert probs.shape == (27,)
    assert probs.sum() == pytest.approx(1, abs=1e-12)
    expected = [probability_by_hand(text, temperature) for text in all_completions()]
    np.testing.assert_allclose(probs, expected, **ROUNDING)


def test_the_next_token_depends_on_the_last_one_alone():
    policy = bigram_policy(temperature=1.0)
    assert policy.shape == (40, 3)
    np.testing.assert_allclose(policy.sum(axis=1), 1, **ROUNDING)
    rows = dict(zip(all_prefixes(), policy.tolist(), strict=True))
    for text, row in rows.items():
        assert row == rows[text[-1:]]
    # e^(0.8 - 0.4) = e^0.4 times as likely to open with 1 as with 2.
    assert rows[""][0] / rows[""][1] == pytest.approx(math.exp(0.4), rel=1e-12)
    assert rows["1"].index(max(rows["1"])) == VOCABULARY.index("2")


def test_cold_is_greedy_and_hot_is_uniform():
    cold = completion_probs(bigram_policy(temperature=1e-3))  # e^-300 is left for the rest
    assert cold[all_completions().index("12.")] == pytest.approx(1, abs=1e-12)
    hot = bigram_policy(temperature=1e9)  # logits differ by less than 2e-9
    np.testing.assert_allclose(hot, 1 / 3, atol=1e-9)
    assert np.isfinite(bigram_policy(temperature=1e-300)).all()


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf")])
def test_a_temperature_must_be_positive_and_finite(temperature):
    message = f"temperature must be positive and finite, got {temperature}"
    with pytest.raises(ValueError, match=message):
        bigram_policy(temperature=temperature)


def test_token_by_token_the_text_grows_and_the_last_token_pays():
    mdp = token_level_mdp()
    names = mdp.state_names
    assert (mdp.num_states, mdp.action_names) == (40, ("1", "2", "."))
    assert mdp.start_probs.tolist() == [1] + [0] * 39
    for state, text in enumerate(names):
        assert mdp.terminal[state] == (len(text) == 3)
        for action, token in enumerate("12."):
            following = text if len(text) == 3 else text + token
            assert mdp.transition_probs[state, action, names.index(following)] == 1
            paid = verifier_reward(following) if len(text) == 2 else 0
            assert mdp.expected_rewards[state, action] == paid


def test_completion_level_is_one_step():
    mdp = completion_level_mdp()
    assert mdp.state_names == (PROMPT, "done")
    assert mdp.action_names == tuple(all_completions())
    assert (mdp.transition_probs[0, :, 1] == 1).all()
    assert mdp.terminal.tolist() == [False, True]
    assert mdp.start_probs.tolist() == [1, 0]
    assert mdp.expected_rewards[0].tolist() == [verifier_reward(t) for t in all_completions()]


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_both_descriptions_have_the_same_objective(temperature):
    token_policy = bigram_policy(temperature=temperature)
    by_token = policy_values(token_level_mdp(), token_policy, gamma=1)[0]
    probs = completion_probs(token_policy)
    policy = np.stack([probs, probs])
    by_completion = policy_values(completion_level_mdp(), policy, gamma=1)[0]
    mean = sum(
        probability_by_hand(text, temperature) * verifier_reward(text) for text in all_completions()
    )
    np.testing.assert_allclose([by_token, by_completion], mean, **ROUNDING)
    # Discounted per token, the reward of the third token counts gamma^2.
    later = policy_values(token_level_mdp(), token_policy, gamma=0.5)[0]
    assert later == pytest.approx(0.25 * mean, abs=1e-12)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_advantages_of_the_tokens_add_up_to_reward_minus_objective(temperature):
    mdp, policy = token_level_mdp(), bigram_policy(temperature=temperature)
    values = policy_values(mdp, policy, gamma=1)
    advantages = q_values(mdp, values, gamma=1) - values[:, None]
    for text in all_completions():
        path = [(mdp.state_names.index(text[:t]), "12.".index(text[t])) for t in range(3)]
        total = sum(advantages[state, action] for state, action in path)
        assert total == pytest.approx(verifier_reward(text) - values[0], abs=1e-12)


def test_each_text_is_visited_as_often_as_it_is_written():
    mdp, policy = token_level_mdp(), bigram_policy(temperature=1.0)
    visits = occupancy(mdp, policy, gamma=1)
    assert visits.sum() == pytest.approx(3, abs=1e-12)  # every episode takes three steps
    expected = [probability_by_hand(text, 1.0) for text in all_prefixes()[:13]]
    np.testing.assert_allclose(visits[:13], expected, **ROUNDING)


def test_the_best_model_writes_the_clean_answer():
    values = dict(zip(all_prefixes(), optimal_values(token_level_mdp(), gamma=1), strict=True))
    texts = ("", "1", "12", "11", "2", "21", "22", "..")
    assert [values[text] for text in texts] == [1, 1, 1, 0.5, 0.5, 0.5, 0, 0]
