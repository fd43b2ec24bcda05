"""Returns of recorded episodes: by hand, as sums, ends, limits, gradients, errors."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.returns import discounted_returns, lambda_returns, n_step_returns

NAN = float("nan")


@pytest.fixture
def record() -> dict[str, torch.Tensor]:
    """Three float64 rows of six steps: ends, cuts, and a row that just stops."""
    generator = torch.Generator().manual_seed(0)
    rewards, next_values = torch.randn(2, 3, 6, generator=generator, dtype=torch.float64)
    terminated, truncated = torch.zeros(2, 3, 6, dtype=torch.bool)
    terminated[0, 3] = terminated[0, 5] = True
    truncated[1, 2] = terminated[1, 4] = True
    return {
        "rewards": rewards,
        "next_values": next_values,
        "terminated": terminated,
        "truncated": truncated,
    }


def flags(text: str) -> torch.Tensor:
    return torch.tensor([letter == "x" for letter in text])


def n_step_return(record: dict, row: int, start: int, n: int, gamma: float) -> float:
    """At most n rewards from `start`, then the value of where they led if no end."""
    total, weight = 0.0, 1.0
    for t in range(start, min(start + n, 6)):
        total += weight * record["rewards"][row, t].item()
        weight *= gamma
        if record["terminated"][row, t]:
            return total
        if record["truncated"][row, t]:
            break
    return total + weight * record["next_values"][row, t].item()


def steps_left(record: dict, row: int, start: int) -> int:
    done = (record["terminated"] | record["truncated"])[row, start:].tolist()
    return done.index(True) + 1 if True in done else len(done)


def test_two_episodes_in_one_record_by_hand():
    # First episode terminates at step 1: G_1 = 2, G_0 = 1 + 0.5 * 2 = 2.
    # Second is truncated at step 3 before a state worth 8: G_3 = 4 + 0.5 * 8 = 8,
    # G_2 = 3 + 0.5 * 8 = 7. The last is still running, next value 6: G_4 = 5 + 3 = 8.
    returns = discounted_returns(
        torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]),
        torch.tensor([NAN, NAN, NAN, 8.0, 6.0]),  # what must be ignored is not a number
        flags(".x..."),
        flags("...x."),
        gamma=0.5,
    )
    assert_close(returns, torch.tensor([2.0, 2.0, 7.0, 8.0, 8.0]))


def test_lambda_return_by_hand():
    # gamma = lambda = 0.5. G_1 = 2 + 0.5 * 4 = 4 (last step).
    # G_0 = 1 + 0.5 * (0.5 * 6 + 0.5 * 4) = 3.5. Before them, an episode ends with 7.
    returns = lambda_returns(
        torch.tensor([7.0, 1.0, 2.0]),
        torch.tensor([NAN, 6.0, 4.0]),  # what must be ignored is not a number
        flags("x.."),
        flags("..."),
        gamma=0.5,
        gae_lambda=0.5,
    )
    assert_close(returns, torch.tensor([7.0, 3.5, 4.0]))


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_discounted_return_is_the_sum_of_all_rewards_left(record, gamma):
    returns = discounted_returns(**record, gamma=gamma)
    for row in range(3):
        for t in range(6):
            expected = n_step_return(record, row, t, 99, gamma)
            assert returns[row, t].item() == pytest.approx(expected, abs=1e-12)  # rounding


@pytest.mark.parametrize("gae_lambda", [0.0, 0.3, 1.0])
def test_lambda_return_is_the_mixture_of_n_step_returns(record, gae_lambda):
    # G = (1 - l) * sum over n < N of l^(n-1) G^(n), and l^(N-1) G^(N) for the last.
    returns = lambda_returns(**record, gamma=0.9, gae_lambda=gae_lambda)
    for row in range(3):
        for t in range(6):
            last = steps_left(record, row, t)
            expected = gae_lambda ** (last - 1) * n_step_return(record, row, t, last, 0.9)
            for n in range(1, last):
                weight = (1 - gae_lambda) * gae_lambda ** (n - 1)
                expected += weight * n_step_return(record, row, t, n, 0.9)
            assert returns[row, t].item() == pytest.approx(expected, abs=1e-12)  # rounding


def test_lambda_zero_is_the_td_target_and_one_the_discounted_return(record):
    td_targets = lambda_returns(**record, gamma=0.9, gae_lambda=0.0)
    alive = (~record["terminated"]).double()
    assert_close(td_targets, record["rewards"] + 0.9 * record["next_values"] * alive)
    monte_carlo = lambda_returns(**record, gamma=0.9, gae_lambda=1.0)
    assert_close(monte_carlo, discounted_returns(**record, gamma=0.9))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 50])
def test_n_step_return_is_n_rewards_and_one_value(record, n):
    returns = n_step_returns(**record, gamma=0.9, n=n)
    for row in range(3):
        for t in range(6):
            expected = n_step_return(record, row, t, n, 0.9)
            assert returns[row, t].item() == pytest.approx(expected, abs=1e-12)  # rounding


def test_one_step_is_the_td_target_and_many_steps_the_discounted_return(record):
    td_targets = lambda_returns(**record, gamma=0.9, gae_lambda=0.0)
    assert_close(n_step_returns(**record, gamma=0.9, n=1), td_targets)
    monte_carlo = discounted_returns(**record, gamma=0.9)
    assert_close(n_step_returns(**record, gamma=0.9, n=6), monte_carlo)


def test_n_step_targets_of_three_steps_by_hand():
    # r = (0, 0, 1), V = (.5, .6, .8), gamma 1: of s_0 .6, .8, 1 for n = 1, 2, 3.
    record = (torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.6, 0.8, NAN]), flags("..x"))
    for n, expected in {1: 0.6, 2: 0.8, 3: 1.0}.items():
        targets = n_step_returns(*record, flags("..."), gamma=1.0, n=n)
        assert targets[0].item() == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_n_step_targets_of_half_precision_keep_their_digits(dtype):
    # The sum of 1000 powers of 0.99 is 99.996; step by step in bfloat16 it is 64.
    one, no = torch.ones(1000, dtype=dtype), torch.zeros(1000, dtype=torch.bool)
    targets = n_step_returns(one, 0 * one, no, no, gamma=0.99, n=1000)
    assert_close(targets[0], torch.tensor((1 - 0.99**1000) / 0.01))


def test_n_step_gradient_and_a_bad_n(record):
    ends = (record["terminated"], record["truncated"])
    inputs = (record["rewards"].requires_grad_(), record["next_values"].requires_grad_())
    assert torch.autograd.gradcheck(
        lambda rewards, values: n_step_returns(rewards, values, *ends, gamma=0.9, n=3), inputs
    )
    for n in (0, 1.5, True):
        with pytest.raises(ValueError, match="n must be a positive integer, got"):
            n_step_returns(**record, gamma=0.9, n=n)


def test_gamma_zero_is_the_reward_alone(record):
    assert_close(discounted_returns(**record, gamma=0.0), record["rewards"])
    assert_close(lambda_returns(**record, gamma=0.0, gae_lambda=0.7), record["rewards"])


def test_where_both_flags_stand_termination_wins():
    one = torch.ones(1)
    step = (one, 9 * one, flags("x"), flags("x"))
    assert discounted_returns(*step, gamma=1.0).item() == 1.0
    assert lambda_returns(*step, gamma=1.0, gae_lambda=0.5).item() == 1.0


def test_one_row_alone_gives_the_same_as_in_a_batch(record):
    batch = lambda_returns(**record, gamma=0.9, gae_lambda=0.6)
    for row in range(3):
        alone = {name: array[row] for name, array in record.items()}
        assert_close(lambda_returns(**alone, gamma=0.9, gae_lambda=0.6), batch[row])


def test_arguments_are_left_as_they_were(record):
    before = {name: array.clone() for name, array in record.items()}
    discounted_returns(**record, gamma=0.9)
    lambda_returns(**record, gamma=0.9, gae_lambda=0.5)
    for name, array in before.items():
        assert torch.equal(record[name], array)


def test_gradients_in_rewards_and_next_values(record):
    ends = (record["terminated"], record["truncated"])
    inputs = (record["rewards"].requires_grad_(), record["next_values"].requires_grad_())
    assert torch.autograd.gradcheck(
        lambda rewards, values: discounted_returns(rewards, values, *ends, gamma=0.9), inputs
    )
    assert torch.autograd.gradcheck(
        lambda rewards, values: lambda_returns(rewards, values, *ends, gamma=0.9, gae_lambda=0.7),
        inputs,
    )


BAD = [
    ({"rewards": torch.zeros(3, 1)}, r"common shape, got rewards \(3, 1\), next_values \(3, 6\)"),
    ({"next_values": torch.zeros(6)}, r"common shape.*next_values \(6,\)"),
    ({"terminated": torch.zeros(3, 6)}, r"terminated must be a bool tensor, got torch\.float32"),
    ({"truncated": torch.zeros(3, 6).int()}, r"truncated must be a bool tensor, got torch\.int32"),
    ({"gamma": 1.5}, r"gamma must lie in \[0, 1\], got 1\.5"),
    ({"gamma": -0.1}, r"gamma must lie in \[0, 1\], got -0\.1"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_names_the_argument(record, change, message):
    arguments = record | {"gamma": 0.9} | change
    with pytest.raises(ValueError, match=message):
        discounted_returns(**arguments)
    with pytest.raises(ValueError, match=message):
        lambda_returns(**arguments, gae_lambda=0.5)


def test_lambda_outside_the_unit_interval_is_refused(record):
    with pytest.raises(ValueError, match=r"gae_lambda must lie in \[0, 1\], got 2"):
        lambda_returns(**record, gamma=0.9, gae_lambda=2)


@pytest.mark.parametrize("shape", [(), (0,), (4, 0)])
def test_an_empty_record_is_refused(shape):
    values, flag = torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    with pytest.raises(ValueError, match="rewards must hold at least one step, got shape"):
        discounted_returns(values, values, flag, flag, gamma=0.9)
    with pytest.raises(ValueError, match="rewards must hold at least one step, got shape"):
        lambda_returns(values, values, flag, flag, gamma=0.9, gae_lambda=1.0)
    with pytest.raises(ValueError, match="rewards must hold at least one step, got shape"):
        n_step_returns(values, values, flag, flag, gamma=0.9, n=2)


def test_a_reward_that_is_not_finite_is_refused(record):
    record["rewards"][1, 2] = NAN
    with pytest.raises(ValueError, match=r"rewards must be finite, got nan at \(1, 2\)"):
        discounted_returns(**record, gamma=0.9)


def test_values_in_the_middle_of_an_episode_are_ignored_by_what_does_not_use_them(record):
    ends = record["terminated"] | record["truncated"]
    ends[:, -1] = True
    assert not ends.all()
    expected = discounted_returns(**record, gamma=0.9)
    record["next_values"][~ends] = NAN
    record["next_values"].requires_grad_()
    for returns in (
        discounted_returns(**record, gamma=0.9),
        lambda_returns(**record, gamma=0.9, gae_lambda=1.0),
    ):
        assert_close(returns, expected)
        (gradient,) = torch.autograd.grad(returns.sum(), record["next_values"])
        assert (gradient[~ends] == 0).all()
        assert gradient.isfinite().all()
    with pytest.raises(ValueError, match="next_values must be finite, got nan"):
        lambda_returns(**record, gamma=0.9, gae_lambda=0.999)


@pytest.mark.parametrize("where", [0, 2, 4])
def test_termination_wins_wherever_both_flags_stand(record, where):
    functions = (
        discounted_returns,
        lambda **given: lambda_returns(**given, gae_lambda=0.6),
        lambda **given: n_step_returns(**given, n=2),
    )
    record["terminated"][:, where] = True
    for function in functions:
        record["truncated"][:, where] = False
        ended = function(**record, gamma=0.9)
        record["truncated"][:, where] = True
        assert torch.equal(function(**record, gamma=0.9), ended)
        assert_close(ended[:, where], record["rewards"][:, where])
