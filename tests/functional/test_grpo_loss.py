"""GRPO's loss: hand numbers, pushes per token, the six regions, KL terms, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.kl import kl_k1, kl_k2, kl_k3
from rlnotes.functional.policy_gradients import grpo_loss, ppo_clip_loss, reinforce_loss

NORMALIZERS = ("answer", "batch_tokens", "longest")
KL_NAMES = ("k1", "k2", "k3", "k3_times_ratio")
ANYTHING = (math.nan, math.inf, -math.inf, 1e30)

# Three answers of 1, 2 and 4 tokens, and their weights: each token's share of the loss.
LENGTHS = (1, 2, 4)
MASK = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
SHARES = {
    "answer": (1 / 3, 1 / 6, 1 / 12),  # 1 / (length * 3 answers)
    "batch_tokens": (1 / 7,) * 3,  # 1 / (1 + 2 + 4)
    "longest": (1 / 12,) * 3,  # 1 / (4 * 3)
}
everywhere = pytest.mark.parametrize("normalizer", NORMALIZERS)


def numbers(*values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def random_log_probs(seed: int) -> torch.Tensor:
    """[3, 4] near 0: of its own exponentials, some lie outside a band of 0.2."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 4, generator=generator, dtype=torch.float64) / 3


ADVANTAGES = numbers(2, -3, 5)
GIVEN = {
    "log_probs": random_log_probs(0),
    "old_log_probs": random_log_probs(1),
    "ref_log_probs": random_log_probs(2),
    "advantages": ADVANTAGES,
    "mask": MASK,
}
SETTINGS = {"clip_epsilon": 0.2, "beta": 0.7}


@pytest.mark.parametrize(
    ("normalizer", "expected"),
    [
        # Sums over the tokens of min(ratio A, clip(ratio) A) for the ratios below:
        # 2 * 1.2 = 2.4;  -3 * (0.8 + 1.5) = -6.9;  5 * (1 + 1.1 + 0.5 + 1.2) = 19
        ("answer", -(2.4 / 1 - 6.9 / 2 + 19 / 4) / 3),
        ("batch_tokens", -(2.4 - 6.9 + 19) / 7),
        ("longest", -(2.4 - 6.9 + 19) / 12),
    ],
)
def test_each_normalizer_by_hand(normalizer, expected):
    ratios = numbers([1.5, 9, 9, 9], [0.6, 1.5, 9, 9], [1, 1.1, 0.5, 2])
    loss = grpo_loss(
        ratios.log(), ratios * 0, None, ADVANTAGES, MASK, clip_epsilon=0.2, normalizer=normalizer
    )
    assert loss.shape == ()
    assert loss.item() == pytest.approx(expected, rel=1e-14)


@everywhere
def test_at_ratio_one_the_value_is_minus_a_weighted_sum_of_the_advantages(normalizer):
    same = random_log_probs(0)
    loss = grpo_loss(
        same, same, None, ADVANTAGES, MASK, clip_epsilon=0.2, normalizer=normalizer
    ).item()
    terms = zip(SHARES[normalizer], LENGTHS, ADVANTAGES.tolist(), strict=True)
    assert loss == pytest.approx(-sum(share * n * a for share, n, a in terms), rel=1e-14)
    if normalizer == "answer":  # whatever the lengths are
        assert loss == pytest.approx(-ADVANTAGES.mean().item(), rel=1e-14)


@everywhere
def test_at_ratio_one_the_push_on_each_token(normalizer):
    # Per answer the advantage, shared by its tokens; or one weight for all tokens.
    log_probs = random_log_probs(0).requires_grad_()
    loss = grpo_loss(
        log_probs,
        log_probs.detach(),
        None,
        ADVANTAGES,
        MASK,
        clip_epsilon=1e-3,
        normalizer=normalizer,
    )
    loss.backward()
    shares = numbers(*SHARES[normalizer])[:, None]
    assert_close(-log_probs.grad, ADVANTAGES[:, None] * shares * MASK, atol=0, rtol=1e-14)


def test_answers_of_10_and_100_tokens_are_pushed_by_a_tenth_and_a_hundredth():
    log_probs = torch.zeros(2, 100, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(100) < torch.tensor([[10], [100]])
    old = torch.zeros(2, 100, dtype=torch.float64)
    loss = grpo_loss(log_probs, old, None, numbers(-1, -1), mask, clip_epsilon=0.2)
    assert loss.item() == pytest.approx(1)
    loss.backward()
    assert log_probs.grad[0, 0].item() == pytest.approx(0.1 / 2)  # mean of two answers
    assert log_probs.grad[1, 0].item() == pytest.approx(0.01 / 2)


@pytest.mark.parametrize(
    ("advantage", "ratio", "objective", "slope"),
    [
        # Band from 0.8 to 1.5: below it, inside it, above it.
        (4, 0.5, 2.0, 4),
        (4, 1.4, 5.6, 4),
        (4, 2.0, 6.0, 0),
        (-4, 0.5, -3.2, 0),
        (-4, 1.4, -5.6, -4),
        (-4, 2.0, -8.0, -4),
        (0, 2.0, 0.0, 0),
    ],
)
def test_the_six_regions_of_a_band_that_is_wider_above(advantage, ratio, objective, slope):
    ratios = numbers([ratio]).requires_grad_()
    loss = grpo_loss(
        ratios.log(),
        numbers([0]),
        None,
        numbers(advantage),
        torch.ones(1, 1, dtype=torch.bool),
        clip_epsilon=0.2,
        clip_epsilon_high=0.5,
    )
    assert -loss.item() == pytest.approx(objective)
    assert -torch.autograd.grad(loss, ratios)[0].item() == pytest.approx(slope)


def test_the_band_has_two_equal_sides_unless_the_upper_one_is_given():
    plain = grpo_loss(**GIVEN, clip_epsilon=0.2)
    assert torch.equal(grpo_loss(**GIVEN, clip_epsilon=0.2, clip_epsilon_high=0.2), plain)
    assert not torch.isclose(grpo_loss(**GIVEN, clip_epsilon=0.2, clip_epsilon_high=0.28), plain)


@everywhere
def test_answers_of_one_length_make_it_the_clipped_loss_of_ppo(normalizer):
    mask = torch.arange(4).expand(3, 4) < 3
    given = {**GIVEN, "mask": mask}
    log_probs = GIVEN["log_probs"].clone().requires_grad_()
    loss = grpo_loss(**{**given, "log_probs": log_probs}, clip_epsilon=0.2, normalizer=normalizer)
    spread = ADVANTAGES[:, None].expand(3, 4)
    by_ppo = ppo_clip_loss(log_probs, given["old_log_probs"], spread, clip_epsilon=0.2, mask=mask)
    assert_close(loss, by_ppo, atol=0, rtol=1e-14)
    slopes = [torch.autograd.grad(each, log_probs)[0] for each in (loss, by_ppo)]
    assert_close(*slopes, atol=1e-16, rtol=1e-14)


def test_over_batch_tokens_it_is_the_clipped_loss_of_ppo_at_any_length():
    loss = grpo_loss(**GIVEN, clip_epsilon=0.2, normalizer="batch_tokens")
    spread = ADVANTAGES[:, None].expand(3, 4)
    by_ppo = ppo_clip_loss(
        GIVEN["log_probs"], GIVEN["old_log_probs"], spread, clip_epsilon=0.2, mask=MASK
    )
    assert_close(loss, by_ppo, atol=0, rtol=1e-14)


def test_per_answer_it_is_the_mean_of_the_losses_of_single_answers():
    alone = [
        grpo_loss(**{name: tensor[i : i + 1] for name, tensor in GIVEN.items()}, **SETTINGS)
        for i in range(3)
    ]
    assert_close(grpo_loss(**GIVEN, **SETTINGS), torch.stack(alone).mean())


def test_the_longest_is_that_of_the_batch_not_the_width_of_the_padding():
    wide = {
        name: tensor if tensor.ndim == 1 else torch.nn.functional.pad(tensor, (0, 50))
        for name, tensor in GIVEN.items()
    }
    for normalizer in NORMALIZERS:
        narrow = grpo_loss(**GIVEN, **SETTINGS, normalizer=normalizer)
        assert_close(grpo_loss(**wide, **SETTINGS, normalizer=normalizer), narrow)
    # One counted token in each answer of four: its length is 1.
    short = {**GIVEN, "mask": torch.arange(4).expand(3, 4) < 1}
    per_answer = grpo_loss(**short, **SETTINGS, normalizer="answer")
    assert_close(grpo_loss(**short, **SETTINGS, normalizer="longest"), per_answer)


def test_a_mask_may_have_holes():
    mask = torch.tensor([[0, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1]], dtype=torch.bool)
    order = torch.tensor([[1, 0, 2, 3], [0, 3, 1, 2], [0, 1, 2, 3]])
    moved = {
        name: tensor.gather(1, order) if tensor.ndim == 2 else tensor
        for name, tensor in {**GIVEN, "mask": mask}.items()
    }
    assert torch.equal(moved["mask"], MASK)
    for normalizer in NORMALIZERS:
        loss = grpo_loss(**{**GIVEN, "mask": mask}, **SETTINGS, normalizer=normalizer)
        assert_close(loss, grpo_loss(**moved, **SETTINGS, normalizer=normalizer))


# --- the KL term ---


@everywhere
@pytest.mark.parametrize("kl", KL_NAMES)
def test_the_kl_term_adds_its_price_with_the_weights_of_the_normalizer(kl, normalizer):
    estimates = {"k1": kl_k1, "k2": kl_k2}.get(kl, kl_k3)(
        GIVEN["log_probs"], GIVEN["ref_log_probs"]
    )
    if kl == "k3_times_ratio":  # not clipped
        estimates = estimates * (GIVEN["log_probs"] - GIVEN["old_log_probs"]).exp()
    price = 0.0
    for i, (share, length) in enumerate(zip(SHARES[normalizer], LENGTHS, strict=True)):
        price += 0.7 * share * estimates[i, :length].sum().item()
    free = grpo_loss(**GIVEN, clip_epsilon=0.2, normalizer=normalizer)
    priced = grpo_loss(**GIVEN, clip_epsilon=0.2, beta=0.7, kl=kl, normalizer=normalizer)
    assert (priced - free).item() == pytest.approx(price, rel=1e-12)


def test_the_kl_term_by_hand():
    # pi = 1/2, pi_ref = 1/8, pi_old = 1/4: r = 1/4, ratio 2, advantage 0.
    log_probs, old, ref = numbers([0.5]).log(), numbers([0.25]).log(), numbers([0.125]).log()
    mask = torch.ones(1, 1, dtype=torch.bool)
    two = 2 * math.log(2)
    for kl, value in (
        ("none", 0),
        ("k1", two),
        ("k2", two**2 / 2),
        ("k3", two - 0.75),
        ("k3_times_ratio", 2 * two - 1.5),
    ):
        loss = grpo_loss(log_probs, old, ref, numbers(0), mask, clip_epsilon=0.2, beta=3, kl=kl)
        assert loss.item() == pytest.approx(3 * value)


POLICY, REFERENCE = numbers(0.6, 0.3, 0.1), numbers(0.2, 0.3, 0.5)


def expected_kl_gradient(kl: str, old: torch.Tensor = POLICY) -> torch.Tensor:
    """Mean over samples of old of the gradient in the policy's logits, exactly.

    Three answers of one token, one for each action. Their mean has weight 1/3 each, so
    the chance of a sample comes in through the price of its KL term.
    """
    logits = POLICY.log().requires_grad_()
    log_probs = logits.log_softmax(-1)
    total = torch.zeros(())
    for action in range(3):
        total = total + grpo_loss(
            log_probs[action].reshape(1, 1),
            old.log()[action].reshape(1, 1),
            REFERENCE.log()[action].reshape(1, 1),
            numbers(0),
            torch.ones(1, 1, dtype=torch.bool),
            clip_epsilon=0.2,
            beta=old[action].item(),
            kl=kl,
        )
    return torch.autograd.grad(total, logits)[0]


def gradient_of(divergence) -> torch.Tensor:
    """The same gradient of a function of all probabilities."""
    logits = POLICY.log().requires_grad_()
    return torch.autograd.grad(divergence(logits.softmax(-1)), logits)[0]


def reverse_kl(probs: torch.Tensor) -> torch.Tensor:
    return (probs * (probs / REFERENCE).log()).sum()


def forward_kl(probs: torch.Tensor) -> torch.Tensor:
    return (REFERENCE * (REFERENCE / probs).log()).sum()


@pytest.mark.parametrize("kl", ["k2", "k3_times_ratio"])
def test_two_kl_terms_have_the_gradient_of_kl_policy_to_reference(kl):
    assert_close(expected_kl_gradient(kl), gradient_of(reverse_kl), atol=1e-15, rtol=1e-12)


def test_k3_alone_has_the_gradient_of_kl_reference_to_policy():
    slope = expected_kl_gradient("k3")
    assert_close(slope, gradient_of(forward_kl), atol=1e-15, rtol=1e-12)
    assert_close(slope, POLICY - REFERENCE, atol=1e-15, rtol=1e-12)
    assert (slope - gradient_of(reverse_kl)).abs().max() > 0.01


def test_k1_has_no_gradient_on_average():
    assert_close(expected_kl_gradient("k1"), torch.zeros(3).double(), atol=1e-15, rtol=0)


def test_the_ratio_corrects_k3_for_another_sampling_policy_and_k2_stays_uncorrected():
    old = numbers(0.3, 0.3, 0.4)
    corrected = expected_kl_gradient("k3_times_ratio", old)
    assert_close(corrected, gradient_of(reverse_kl), atol=1e-15, rtol=1e-12)
    assert (expected_kl_gradient("k2", old) - gradient_of(reverse_kl)).abs().max() > 0.01


@pytest.mark.parametrize("settings", [{}, {"beta": 0.0, "kl": "k2"}, {"beta": 0.7, "kl": "none"}])
def test_without_a_kl_term_nobody_looks_at_the_reference(settings):
    plain = grpo_loss(**{**GIVEN, "ref_log_probs": None}, clip_epsilon=0.2)
    for reference in (None, "nothing", torch.full((3, 4), math.nan)):
        given = {**GIVEN, "ref_log_probs": reference}
        assert torch.equal(grpo_loss(**given, clip_epsilon=0.2, **settings), plain)


# --- what does not count ---


@everywhere
@pytest.mark.parametrize("junk", ANYTHING)
@pytest.mark.parametrize("name", ["log_probs", "old_log_probs", "ref_log_probs"])
@pytest.mark.parametrize("kl", KL_NAMES)
def test_what_is_masked_out_reaches_neither_value_nor_gradient(name, junk, kl, normalizer):
    results = []
    for filled in (0.0, junk):
        given = {**GIVEN, name: GIVEN[name].masked_fill(~MASK, filled)}
        given["log_probs"] = given["log_probs"].clone().requires_grad_()
        loss = grpo_loss(**given, **SETTINGS, kl=kl, normalizer=normalizer)
        results.append((loss.detach(), *torch.autograd.grad(loss, given["log_probs"])))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])
    assert (results[1][1][~MASK] == 0).all()
    assert (results[1][1][MASK] != 0).any()


@everywhere
def test_an_answer_without_a_counted_token_is_left_out(normalizer):
    def with_row(row: float) -> dict:
        wider = {
            name: torch.cat([tensor, torch.full((1, 4), row).to(tensor)])
            for name, tensor in GIVEN.items()
            if tensor.ndim == 2
        }
        wider["mask"] = torch.cat([MASK, torch.zeros(1, 4, dtype=torch.bool)])
        return {**wider, "advantages": torch.cat([ADVANTAGES, numbers(row)])}

    alone = grpo_loss(**GIVEN, **SETTINGS, normalizer=normalizer)
    for row in (7.0, math.nan, math.inf):
        given = with_row(row)
        given["log_probs"].requires_grad_()
        loss = grpo_loss(**given, **SETTINGS, normalizer=normalizer)
        assert_close(loss, alone, atol=0, rtol=1e-14)
        loss.backward()
        assert torch.isfinite(given["log_probs"].grad).all()
        assert (given["log_probs"].grad[3] == 0).all()


@everywhere
@pytest.mark.parametrize("kl", KL_NAMES)
def test_gradcheck(kl, normalizer):
    def loss(log_probs):
        given = {**GIVEN, "log_probs": log_probs}
        return grpo_loss(**given, **SETTINGS, kl=kl, normalizer=normalizer)

    assert torch.autograd.gradcheck(loss, (GIVEN["log_probs"].clone().requires_grad_(),))


@pytest.mark.parametrize("kl", KL_NAMES)
def test_only_log_probs_get_a_gradient(kl):
    for name in ("log_probs", "old_log_probs", "ref_log_probs", "advantages"):
        given = {**GIVEN, name: GIVEN[name].clone().requires_grad_()}
        assert grpo_loss(**given, **SETTINGS, kl=kl).requires_grad == (name == "log_probs")


def test_the_first_step_is_the_policy_gradient_of_the_tokens():
    log_probs = random_log_probs(0).requires_grad_()
    given = {**GIVEN, "log_probs": log_probs, "old_log_probs": log_probs.detach()}
    loss = grpo_loss(**given, clip_epsilon=1e-6, normalizer="batch_tokens")
    plain = reinforce_loss(log_probs, ADVANTAGES[:, None].expand(3, 4), mask=MASK)
    slopes = [torch.autograd.grad(each, log_probs)[0] for each in (loss, plain)]
    assert_close(*slopes)


# --- precision and bad input ---


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@everywhere
def test_half_precision_is_computed_in_float32(dtype, normalizer):
    # 2 answers of 3,000 tokens: sums beyond what bfloat16 (256) and float16 (2,048)
    # count in steps of one.
    log_probs = torch.full((2, 3000), -3.015625, dtype=dtype)  # exact in both
    old, ref = torch.full_like(log_probs, -3.0), torch.full_like(log_probs, -3.5)
    mask = torch.ones(2, 3000, dtype=torch.bool)
    advantages = torch.tensor([1.0, 3.0], dtype=dtype)
    settings = {"clip_epsilon": 0.2, "beta": 0.5, "normalizer": normalizer}
    loss = grpo_loss(log_probs, old, ref, advantages, mask, **settings)
    assert loss.dtype == torch.float32
    log_r = -3.5 + 3.015625
    expected = -2 * math.exp(-1 / 64) + 0.5 * (math.exp(log_r) - 1 - log_r)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    mixed = grpo_loss(log_probs, old, ref.double(), advantages, mask, **settings)
    assert mixed.item() == pytest.approx(expected, rel=1e-5)


def test_float32_and_float64_are_kept():
    for dtype in (torch.float32, torch.float64):
        given = {k: v if k == "mask" else v.to(dtype) for k, v in GIVEN.items()}
        assert grpo_loss(**given, **SETTINGS).dtype == dtype


def test_a_ratio_of_zero_is_no_error():
    given = {**GIVEN, "log_probs": GIVEN["log_probs"] - 1e4}
    assert math.isfinite(grpo_loss(**given, clip_epsilon=0.2).item())


def at(name: str, value: float) -> dict:
    """The arguments with one counted number changed, in row 1."""
    changed = GIVEN[name].clone()
    changed[(1, 1) if changed.ndim == 2 else 1] = value
    return {name: changed}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (at("log_probs", math.nan), r"log_probs must be finite, got nan at \(1, 1\)"),
        (at("log_probs", -math.inf), r"log_probs must be finite, got -inf at \(1, 1\)"),
        (at("old_log_probs", math.nan), r"old_log_probs must be finite, got nan at \(1, 1\)"),
        (at("old_log_probs", -math.inf), r"old_log_probs must be finite, got -inf at \(1, 1\)"),
        (at("ref_log_probs", math.nan), r"ref_log_probs must be finite, got nan at \(1, 1\)"),
        (at("ref_log_probs", -math.inf), r"ref_log_probs must be finite, got -inf at \(1, 1\)"),
        (at("advantages", math.nan), r"advantages must be finite, got nan at \(1, 0\)"),
        (at("advantages", math.inf), r"advantages must be finite, got inf at \(1, 0\)"),
        (at("advantages", -math.inf), r"advantages must be finite, got -inf at \(1, 0\)"),
        (at("log_probs", 800), "log_probs must not lie so far above .* difference of 8"),
        (
            at("ref_log_probs", 800),
            r"ref_log_probs - log_probs must not be so large that k3 overflows.* at \(1, 1\)",
        ),
        (
            {"beta": 1e308, "ref_log_probs": GIVEN["ref_log_probs"] + 5},
            r"beta must not be so large .* with k3 overflows, got 1e\+308 at estimates up to 2",
        ),
        (
            {"advantages": numbers(-1.5e308, 1, 1), "log_probs": GIVEN["log_probs"] + 5},
            r"log_probs and .* must not overflow in the result, got .*advantages up to 1\.5e\+308",
        ),
        ({"log_probs": GIVEN["log_probs"].numpy()}, "log_probs must be a torch tensor"),
        ({"log_probs": None}, "log_probs must be an array or tensor, got NoneType"),
        ({"old_log_probs": GIVEN["old_log_probs"].long()}, "old_log_probs must be floating-point"),
        ({"ref_log_probs": GIVEN["ref_log_probs"].long()}, "ref_log_probs must be floating-point"),
        ({"ref_log_probs": GIVEN["ref_log_probs"].numpy()}, "ref_log_probs must be a torch tensor"),
        ({"ref_log_probs": None}, "ref_log_probs must be a torch tensor, got NoneType"),
        ({"advantages": [1.0, 2, 3]}, "advantages must be a torch tensor, got list"),
        ({"advantages": torch.tensor([1, 2, 3])}, "advantages must be floating-point"),
        ({"advantages": ADVANTAGES[:, None]}, r"advantages must have shape \[B\] .* got \(3, 1\)"),
        ({"advantages": ADVANTAGES[:1]}, r"advantages must have shape \[B\] .* got \(1,\) for"),
        ({"advantages": numbers(1, 2, 3, 4)}, r"advantages must have shape \[B\] .* got \(4,\)"),
        ({"old_log_probs": GIVEN["old_log_probs"][:1]}, "common shape, got .*old_log_probs"),
        ({"ref_log_probs": GIVEN["ref_log_probs"][:, :1]}, "common shape, got .*ref_log_probs"),
        ({"mask": MASK[:1]}, r"common shape, got .*mask \(1, 4\)"),
        ({"mask": MASK.double()}, "mask must be a bool tensor, got torch.float64"),
        ({"mask": None}, "mask must be a torch tensor, got NoneType"),
        ({"mask": MASK & False}, "mask must count at least one element, got none of 12"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"clip_epsilon": math.nan}, "clip_epsilon must be positive and finite, got nan"),
        ({"clip_epsilon": None}, "clip_epsilon must be positive and finite, got None"),
        ({"clip_epsilon_high": -0.1}, "clip_epsilon_high must be positive and finite, got -0.1"),
        ({"clip_epsilon_high": 0}, "clip_epsilon_high must be positive and finite, got 0"),
        ({"beta": -0.1}, "beta must be finite and not negative, got -0.1"),
        ({"beta": math.inf}, "beta must be finite and not negative, got inf"),
        ({"beta": None}, "beta must be finite and not negative, got None"),
        (
            {"kl": "k4"},
            r"kl must be one of \['none', 'k1', 'k2', 'k3', 'k3_times_ratio'\], got 'k4'",
        ),
        ({"kl": None}, "kl must be one of .* got None"),
        ({"kl": ["k3"]}, r"kl must be one of .* got \['k3'\]"),
        ({"normalizer": "token"}, "normalizer must be one of .*'answer'.* got 'token'"),
        ({"normalizer": ["answer"]}, r"normalizer must be one of .* got \['answer'\]"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        grpo_loss(**{**GIVEN, **SETTINGS, **change})


def test_an_overflow_tells_the_size_of_what_counts_and_takes_no_padding_for_its_cause():
    given = {**GIVEN, "log_probs": (GIVEN["log_probs"] + 5).masked_fill(~MASK, math.nan)}
    given["advantages"] = numbers(-1.5e308, 1, 1)
    with pytest.raises(ValueError, match=r"got log_probs up to 5\.\d+, .* up to 1\.5e\+308"):
        grpo_loss(**given, clip_epsilon=0.2)


def test_one_axis_is_no_batch_of_answers():
    row = numbers(0, 0)
    with pytest.raises(ValueError, match=r"advantages must have shape \[B\] for a mask .* \(2,\)"):
        grpo_loss(row, row, None, row, torch.tensor([True, True]), clip_epsilon=0.2)


def test_a_negative_price_that_overflows_is_refused_too():
    given = {**GIVEN, **at("ref_log_probs", 5)}  # k1 is about -5 there, below 1 elsewhere
    with pytest.raises(ValueError, match=r"beta must not be so large .* with k1 overflows"):
        grpo_loss(**given, clip_epsilon=0.2, beta=1e308, kl="k1")


def test_a_product_of_k3_and_ratio_that_overflows_is_refused():
    log_probs, mask = torch.tensor([[80.0]]), torch.tensor([[True]])
    given = log_probs, log_probs - 80, log_probs + 80, torch.tensor([0.0]), mask
    with pytest.raises(ValueError, match=r"beta must not be so large .* k3_times_ratio overflows"):
        grpo_loss(*given, clip_epsilon=0.2, beta=0.1, kl="k3_times_ratio")
