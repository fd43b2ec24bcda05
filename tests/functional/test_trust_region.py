"""Trust region: exact Fisher matrices, linear algebra, a dense grid, the bound."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.trust_region import (
    conjugate_gradient,
    fisher_operator,
    line_search,
    mean_kl,
    natural_step,
    surrogate_objective,
    trust_region_step,
)

OLD = torch.tensor([0.3, -0.5, 1.0], dtype=torch.float64)  # logits of one state
START = torch.tensor([0.2, -0.6], dtype=torch.float64)  # logit of action 1 in two states
STATE_WEIGHTS = torch.tensor([0.7, 0.3], dtype=torch.float64)
ADVANTAGES = torch.tensor([1.0, -2.0], dtype=torch.float64)  # of action 1; 0 for action 0


def numbers(*values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def kl_from_old(logits):
    return mean_kl(OLD, logits)


def plane_surrogate(parameters):
    return (STATE_WEIGHTS * torch.sigmoid(parameters) * ADVANTAGES).sum()


def plane_kl(parameters):
    """KL(old || new) of two coins, written with probabilities."""
    old, new = torch.sigmoid(START), torch.sigmoid(parameters)
    kl = old * (old / new).log() + (1 - old) * ((1 - old) / (1 - new)).log()
    return (STATE_WEIGHTS * kl).sum()


def columns(product, size):
    return torch.stack([product(row) for row in torch.eye(size, dtype=torch.float64)], dim=1)


def test_the_surrogate_by_hand():
    # Ratios 1.6 and 0.4: (1.6 * 3 - 0.4 * 1) / 2 = 2.2
    log_probs, old = numbers(0.8, 0.2).log(), numbers(0.5, 0.5).log()
    assert surrogate_objective(log_probs, old, numbers(3, -1)).item() == pytest.approx(2.2)


def test_value_and_slope_of_the_surrogate_at_the_old_policy_are_the_true_ones():
    # J(logits) = sum of pi(a) r(a), all actions once, weighted by the old policy.
    rewards, probs = numbers(1.0, -1.0, 4.0), torch.softmax(OLD, dim=0)
    baseline = probs @ rewards

    def surrogate_of(logits):
        weights = 3 * probs * (rewards - baseline)  # 3: the mean becomes a sum
        return surrogate_objective(torch.log_softmax(logits, dim=0), OLD.log_softmax(0), weights)

    logits = OLD.clone().requires_grad_()
    improvement = torch.softmax(logits, dim=0) @ rewards - baseline
    (true_slope,) = torch.autograd.grad(improvement, logits)
    estimate = surrogate_of(logits)
    (slope,) = torch.autograd.grad(estimate, logits)
    assert estimate.item() == pytest.approx(0, abs=1e-12)
    assert_close(slope, true_slope)


def test_the_surrogate_trains_neither_advantages_nor_the_old_policy():
    numbers_in = [numbers(-1, -2).requires_grad_() for _ in range(3)]
    surrogate_objective(*numbers_in).backward()
    assert [tensor.grad is None for tensor in numbers_in] == [False, True, True]


def test_mean_kl_puts_the_old_policy_first_and_averages_over_states():
    # KL((1/2, 1/2) || (1/4, 3/4)) = log(4/3) / 2; the other way round differs.
    fair, skew = numbers(0, 0), numbers(1, 3).log() + 7  # logits: a constant is free
    assert mean_kl(fair, skew).item() == pytest.approx(0.5 * math.log(4 / 3))
    both = mean_kl(torch.stack([fair, fair]), torch.stack([skew, fair]))
    assert both.item() == pytest.approx(0.25 * math.log(4 / 3))


def test_the_fisher_matrix_of_a_softmax():
    probs = torch.softmax(OLD, dim=0)
    expected = torch.diag(probs) - torch.outer(probs, probs)
    assert_close(columns(fisher_operator(kl_from_old, OLD), 3), expected)


def test_the_fisher_matrix_is_the_mean_square_of_the_score():
    # Information equality, for a two-layer policy on three states.
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    parameters = torch.randn(10, generator=generator, dtype=torch.float64)

    def log_probs_of(vector):
        hidden = torch.tanh(states @ vector[:4].view(2, 2))
        return torch.log_softmax(hidden @ vector[4:].view(2, 3), dim=-1)

    old = log_probs_of(parameters)
    scores = torch.autograd.functional.jacobian(log_probs_of, parameters)  # [3, 3, 10]
    expected = torch.einsum("sa,sap,saq->pq", old.exp(), scores, scores) / 3
    product = fisher_operator(lambda vector: mean_kl(old, log_probs_of(vector)), parameters)
    assert_close(columns(product, 10), expected)


def test_a_product_is_the_hessian_times_the_vector_plus_damping():
    hessian = torch.autograd.functional.hessian(plane_kl, START)
    vector = numbers(2.0, -3.0)
    assert_close(fisher_operator(plane_kl, START)(vector), hessian @ vector)
    damped = fisher_operator(plane_kl, START, damping=0.5)(vector)
    assert_close(damped, hessian @ vector + 0.5 * vector)


def test_the_kl_is_the_quadratic_up_to_third_order():
    direction = numbers(1.0, -0.5, 0.25)
    curvature = direction @ fisher_operator(kl_from_old, OLD)(direction)
    errors = [
        abs(float(kl_from_old(OLD + s * direction)) - 0.5 * s**2 * float(curvature))
        for s in (0.1, 0.05)
    ]
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.1)  # halving s: 2^3
    assert errors[1] < 0.01 * 0.5 * 0.05**2 * float(curvature)


def test_two_products_solve_a_plane_and_one_does_not():
    matrix, target = numbers(4, 1, 1, 3).view(2, 2), numbers(1, 2)
    expected = torch.from_numpy(np.linalg.solve(matrix.numpy(), target.numpy()))  # 1/11, 7/11
    one, two = (
        conjugate_gradient(lambda v: matrix @ v, target, max_iterations=count) for count in (1, 2)
    )
    assert_close(two, expected)
    assert_close(one, 0.25 * target)  # (b.b / b.Ab) b = 5 / 20 b


def test_conjugate_gradient_equals_the_solver_on_a_larger_system():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    matrix, target = root @ root.T + torch.eye(8), root[0]
    solution = conjugate_gradient(lambda v: matrix @ v, target, max_iterations=20)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, target), rtol=1e-6)


def test_a_singular_matrix_is_solved_within_its_range():
    # F = [[1, 1], [1, 1]] sends (1, 1) to (2, 2); all solutions have x + y = 2.
    ones = numbers(1, 1, 1, 1).view(2, 2)
    assert_close(conjugate_gradient(lambda v: ones @ v, numbers(2, 2)), numbers(1, 1))
    first_only = torch.diag(numbers(2, 0))
    assert_close(conjugate_gradient(lambda v: first_only @ v, numbers(3, 0)), numbers(1.5, 0))
    # A softmax policy: adding a constant to the logits changes nothing, and no gradient
    # points there.
    product = fisher_operator(kl_from_old, OLD)
    probs = torch.softmax(OLD, dim=0)
    gradient = probs * (numbers(1, 0, 3) - probs @ numbers(1, 0, 3))
    solution = conjugate_gradient(product, gradient)
    assert_close(product(solution), gradient)
    assert_close(solution, numbers(1, 0, 3) - 4 / 3)


def test_conjugate_gradient_stops_when_there_is_nothing_left_to_do():
    calls = []

    def product(vector):
        calls.append(vector)
        return 2 * vector

    assert conjugate_gradient(product, numbers(1, 2)).tolist() == [0.5, 1]
    assert len(calls) == 1
    matrix = numbers(4, 1, 1, 3).view(2, 2)  # after one of two steps |residual| is 0.56 of 2.24
    rough = conjugate_gradient(lambda v: matrix @ v, numbers(1, 2), tolerance=0.3)
    assert_close(rough, numbers(0.25, 0.5))
    assert conjugate_gradient(product, numbers(0, 0)).tolist() == [0, 0]
    assert conjugate_gradient(lambda v: 0 * v, numbers(1, 2)).tolist() == [0, 0]


def test_the_natural_step_has_the_length_asked_for_and_the_right_direction():
    matrix, gradient = numbers(4, 1, 1, 3).view(2, 2), numbers(1, 2)
    step = natural_step(lambda v: matrix @ v, gradient, max_kl=0.01)
    assert (0.5 * step @ matrix @ step).item() == pytest.approx(0.01)
    # F step is parallel to the gradient, and not opposite.
    assert_close(matrix @ step / (matrix @ step).norm(), gradient / gradient.norm())
    nothing = natural_step(lambda v: matrix @ v, numbers(0, 0), max_kl=0.01)
    assert nothing.tolist() == [0, 0]


def test_the_step_does_not_depend_on_how_the_policy_is_written():
    # theta = M phi: a natural step moves the same policy; a plain one does not.
    matrix = numbers(3, 1, 0, 0.5).view(2, 2)
    steps = []
    for transform in (torch.eye(2, dtype=torch.float64), matrix):
        start = torch.linalg.solve(transform, START)

        def surrogate_of(phi, transform=transform):
            return plane_surrogate(transform @ phi)

        def kl_of(phi, transform=transform):
            return plane_kl(transform @ phi)

        steps.append(transform @ trust_region_step(surrogate_of, kl_of, start, max_kl=0.01)[0])
    assert_close(steps[0], steps[1])


@pytest.mark.parametrize(("max_kl", "share"), [(1e-4, 0.98), (1e-2, 0.9), (0.1, 0.25)])
def test_against_the_best_point_of_a_dense_grid(max_kl, share):
    axes = torch.linspace(-3, 3, 601, dtype=torch.float64)
    reach = 12 * max_kl**0.5  # the whole region fits
    points = torch.cartesian_prod(START[0] + reach * axes / 3, START[1] + reach * axes / 3)
    new, old = torch.sigmoid(points), torch.sigmoid(START)
    kls = (old * (old / new).log() + (1 - old) * ((1 - old) / (1 - new)).log()) @ STATE_WEIGHTS
    values = (new * ADVANTAGES) @ STATE_WEIGHTS
    inside = kls <= max_kl
    on_the_border = inside.view(601, 601)[[0, -1]].any() or inside.view(601, 601)[:, [0, -1]].any()
    assert not on_the_border
    best = (values[inside].max() - plane_surrogate(START)).item()

    step = trust_region_step(plane_surrogate, plane_kl, START, max_kl=max_kl)
    assert step.kl <= max_kl
    assert share * best < step.gain <= 1.001 * best


@pytest.mark.parametrize("seed", range(40))
def test_no_accepted_step_leaves_the_trust_region(seed):
    # Steps of wild length and direction, on a random policy of 3 states and 4 actions.
    generator = torch.Generator().manual_seed(seed)
    old, step, advantages = torch.randn(3, 12, generator=generator, dtype=torch.float64)
    scale, max_kl = (
        10 ** numbers(-2, 3)[torch.randint(2, (), generator=generator)],
        10 ** (-seed % 5),
    )

    def kl_of(vector):
        return mean_kl(old.view(3, 4), vector.view(3, 4))

    def surrogate_of(vector):
        probs = torch.softmax(vector.view(3, 4), dim=-1)
        return (probs * advantages.view(3, 4)).sum()

    for proposal in (scale * step, -scale * step):
        result = line_search(surrogate_of, kl_of, old, proposal, max_kl=max_kl)
        # Measured again, not read from the answer.
        assert float(kl_of(result.parameters)) <= max_kl
        assert result.kl == float(kl_of(result.parameters))
        gain = float(surrogate_of(result.parameters) - surrogate_of(old))
        assert result.gain == pytest.approx(gain, abs=1e-12)
        if result.fraction:
            assert gain > 0
            assert_close(result.parameters, old + result.fraction * proposal)
        else:
            assert torch.equal(result.parameters, old)


def test_the_line_search_takes_the_largest_fraction_that_is_allowed():
    # KL = x^2, surrogate = x, step 1: fractions 1, .5, .25 have KL 1, .25, .0625.
    result = line_search(torch.sum, lambda x: (x**2).sum(), numbers(0), numbers(1), max_kl=0.1)
    assert (result.fraction, result.kl, result.gain) == (0.25, 0.0625, 0.25)
    at_the_bound = line_search(
        *(torch.sum, lambda x: (x**2).sum(), numbers(0), numbers(1)), max_kl=0.25
    )
    assert at_the_bound.fraction == 0.5


def test_the_line_search_refuses_a_step_that_makes_the_surrogate_worse_or_equal():
    for objective in (lambda x: -x.sum(), lambda x: 0 * x.sum()):
        result = line_search(objective, lambda x: 0 * x.sum(), numbers(1), numbers(1), max_kl=0.1)
        assert (result.parameters.item(), result.fraction, result.gain) == (1, 0, 0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_the_line_search_never_accepts_what_is_not_a_number(bad):
    def when_moved(x):
        return torch.where(x > 1, bad, 0.0).sum()

    for surrogate_of, kl_of in ((when_moved, lambda x: 0 * x.sum()), (torch.sum, when_moved)):
        result = line_search(surrogate_of, kl_of, numbers(1), numbers(1), max_kl=0.1)
        assert (result.parameters.item(), result.fraction) == (1, 0)


def test_a_shorter_search_gives_up_sooner():
    arguments = (torch.sum, lambda x: (x**2).sum(), numbers(0), numbers(1))
    assert line_search(*arguments, max_kl=1e-3, max_tries=5).fraction == 0
    assert line_search(*arguments, max_kl=1e-3, max_tries=6).fraction == 1 / 32
    assert line_search(*arguments, max_kl=1e-3, shrink=0.1).fraction == pytest.approx(0.01)


def test_nothing_happens_where_nothing_can_be_gained():
    step = trust_region_step(lambda x: 0 * x.sum(), plane_kl, START, max_kl=0.01)
    assert step.fraction == 0
    assert torch.equal(step.parameters, START)


def test_the_whole_step_hands_its_settings_on():
    # KL = x^2 / 2 near 0 and a straight surrogate: the step is sqrt(2 * 0.5) = 1.
    def step(**settings):
        return trust_region_step(
            torch.sum, lambda x: (x**2 / 2 + 2 * x**4).sum(), numbers(0), max_kl=0.5, **settings
        )

    # Full step 1 has KL 2.5, half of it .25; with damping 3 the step is sqrt(1 / 4).
    assert (step().fraction, step().kl) == (0.5, 0.25)
    assert (step(damping=3).fraction, step(damping=3).parameters.item()) == (1, 0.5)
    assert step(shrink=0.25).fraction == 0.25
    assert step(max_tries=1).fraction == 0


@pytest.mark.parametrize("max_kl", [0, -1, math.nan, math.inf])
def test_a_bad_bound_is_refused(max_kl):
    message = f"max_kl must be positive and finite, got {max_kl}"
    with pytest.raises(ValueError, match=message):
        natural_step(lambda v: v, numbers(1), max_kl=max_kl)
    with pytest.raises(ValueError, match=message):
        line_search(torch.sum, torch.sum, numbers(1), numbers(1), max_kl=max_kl)
    with pytest.raises(ValueError, match=message):
        trust_region_step(plane_surrogate, plane_kl, START, max_kl=max_kl)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: surrogate_objective(numbers(1), numbers(1, 2), numbers(1)), "common shape"),
        (lambda: surrogate_objective(numbers(1), numbers(1), numbers(1, 2)), "common shape"),
        (
            lambda: surrogate_objective(numbers(1), numbers(1), numbers(math.nan)),
            "advantages must be finite",
        ),
        (lambda: mean_kl(numbers(1, 2), numbers(1, 2, 3)), "common shape"),
        (
            lambda: mean_kl(numbers(1, math.nan), numbers(1, 2)),
            r"old_logits must not be NaN or plus infinity, got nan at \(1,\)",
        ),
        (lambda: fisher_operator(plane_kl, START[None]), "parameters must be a vector"),
        (lambda: fisher_operator(plane_kl, START * math.inf), "parameters must be finite"),
        (lambda: fisher_operator(plane_kl, START, damping=-1), "damping must not be negative"),
        (lambda: fisher_operator(plane_kl, START)(numbers(1)), "common shape"),
        (lambda: conjugate_gradient(torch.neg, numbers()), "target must be a vector"),
        (
            lambda: conjugate_gradient(torch.neg, numbers(1), max_iterations=0),
            "max_iterations must be a positive integer, got 0",
        ),
        (lambda: conjugate_gradient(torch.neg, numbers(1), tolerance=0), "tolerance must be"),
        (lambda: natural_step(torch.neg, numbers(math.nan), max_kl=1), "gradient must be finite"),
        (
            lambda: line_search(torch.sum, torch.sum, numbers(1), numbers(1, 2), max_kl=1),
            "common shape",
        ),
        (
            lambda: line_search(torch.sum, torch.sum, numbers(1), numbers(math.inf), max_kl=1),
            "step must be finite",
        ),
        *(
            (
                lambda s=s: line_search(
                    torch.sum, torch.sum, numbers(1), numbers(1), max_kl=1, shrink=s
                ),
                rf"shrink must lie in \(0, 1\), got {s}",
            )
            for s in (0, 1, math.nan)
        ),
        (
            lambda: line_search(
                torch.sum, torch.sum, numbers(1), numbers(1), max_kl=1, max_tries=0
            ),
            "max_tries must be a positive integer, got 0",
        ),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_conjugate_gradient_stops_where_only_rounding_is_left(dtype):
    # A singular matrix and a target in its range: going on would add what F cannot see.
    probs = torch.tensor([0.2, 0.3, 0.5], dtype=dtype)
    matrix = torch.diag(probs) - torch.outer(probs, probs)
    target = matrix @ torch.tensor([1.0, -2.0, 0.5], dtype=dtype)
    calls = []

    def product(vector):
        calls.append(vector)
        return matrix @ vector

    solution = conjugate_gradient(product, target, max_iterations=50, tolerance=1e-300)
    residual = torch.linalg.vector_norm(matrix @ solution - target)
    eps = torch.finfo(dtype).eps
    assert residual < 20 * eps * torch.linalg.vector_norm(target)
    assert len(calls) <= 4  # two directions, and what rounding leaves of them
    assert abs(solution.sum().item()) < 1e-3  # no part along (1, 1, 1)


def test_rounding_adds_hardly_ever_what_a_singular_matrix_cannot_see():
    # Policies of three logits: F is blind to (1, 1, 1), and no target points along it.
    # Without a limit on small curvatures float32 goes wrong in 1 of 75.
    generator = torch.Generator().manual_seed(0)
    wrong = 0
    for _ in range(600):
        logits, known = torch.randn(2, 3, generator=generator)
        probs = torch.softmax(3 * logits, dim=0)
        matrix = torch.diag(probs) - torch.outer(probs, probs)
        target = matrix @ (known - known.mean())
        solution = conjugate_gradient(lambda v, matrix=matrix: matrix @ v, target)
        wrong += abs(solution.mean()) > 0.01 * torch.linalg.vector_norm(known)
    assert wrong <= 1  # without the limit 8


def test_a_direction_is_left_out_only_if_rounding_hides_it():
    # A curvature of a 10,000th is small, but no rounding: it is solved in float32, too.
    diagonal = torch.tensor([1.0, 1e-4])
    solution = conjugate_gradient(lambda v: diagonal * v, torch.tensor([1.0, 1e-4]))
    assert_close(solution, torch.tensor([1.0, 1.0]), rtol=0.02, atol=0)


def test_a_product_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match=r"product must be finite, got nan at \(0,\)"):
        conjugate_gradient(lambda v: v * math.nan, numbers(1, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mean_kl_of_half_precision_is_that_of_the_same_logits_in_float32(dtype):
    generator = torch.Generator().manual_seed(0)
    old, new = torch.randn(2, 50, 8, generator=generator).to(dtype)
    assert_close(mean_kl(old, new), mean_kl(old.float(), new.float()), atol=0, rtol=0)
    assert mean_kl(old, new).dtype == torch.float32
