"""The transformer: by loops, the cache, causality, copies, counts, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.models.forward_meter import ForwardMeter
from rlnotes.models.layer_shapes import layer_shapes
from rlnotes.models.tiny_lm import TinyLM, frozen, linear, start_weights


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_model(seed=0, **sizes):
    """A model far from its start: norms and biases are drawn as well."""
    model, generator = TinyLM(seeded(seed), **sizes), seeded(seed + 100)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.3)
    return model


def random_texts(num=6, words=5, seed=1):
    prompts = torch.randint(8, 13, (num, 2), generator=seeded(seed))
    return prompts, torch.randint(8, (num, words), generator=seeded(seed + 1))


def normalized(row, norm):
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    weights, biases = norm.weight.tolist(), norm.bias.tolist()
    scale = math.sqrt(variance + 1e-5)
    return [(x - mean) / scale * w + b for x, w, b in zip(row, weights, biases, strict=True)]


def affine(row, layer):
    weights, biases = layer.weight.tolist(), layer.bias.tolist()
    return [
        sum(w * x for w, x in zip(line, row, strict=True)) + bias
        for line, bias in zip(weights, biases, strict=True)
    ]


def attention_by_hand(rows, block):
    width, heads = len(rows[0]), block.num_heads
    size = width // heads
    parts = [affine(normalized(row, block.norm_1), block.query_key_value) for row in rows]
    results = []
    for place, part in enumerate(parts):
        joined = []
        for head in range(heads):
            query, key, value = (
                slice(kind * width + head * size, kind * width + (head + 1) * size)
                for kind in range(3)
            )
            scores = [
                sum(q * k for q, k in zip(part[query], other[key], strict=True)) / math.sqrt(size)
                for other in parts[: place + 1]
            ]
            weights = [math.exp(score - max(scores)) for score in scores]
            for entry in range(size):
                seen = [other[value][entry] for other in parts[: place + 1]]
                mean = sum(w * v for w, v in zip(weights, seen, strict=True)) / sum(weights)
                joined.append(mean)
        results.append(affine(joined, block.project))
    return results


def plus(one, other):
    return [[x + y for x, y in zip(a, b, strict=True)] for a, b in zip(one, other, strict=True)]


def forward_by_hand(model, tokens):
    places = model.trunk.place.weight.tolist()
    rows = plus([model.trunk.embed.weight[t].tolist() for t in tokens], places[: len(tokens)])
    for block in model.trunk.blocks:
        rows = plus(rows, attention_by_hand(rows, block))
        wide = [affine(normalized(row, block.norm_2), block.widen) for row in rows]
        bent = [[x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row] for row in wide]
        rows = plus(rows, [affine(row, block.narrow) for row in bent])
    return [affine(normalized(row, model.trunk.norm), model.head) for row in rows]


@pytest.mark.parametrize("num_heads", [1, 2, 4])
def test_the_forward_pass_by_loops_over_plain_numbers(num_heads):
    model = random_model(width=8, num_heads=num_heads).double()
    prompts, replies = random_texts(num=2, words=4)
    outputs = model(prompts, replies)
    for row in range(2):
        tokens = [*prompts[row].tolist(), *replies[row].tolist()]
        expected = forward_by_hand(model, tokens)[1:]  # from after the prompt on
        assert_close(outputs[row].detach(), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_stepping_with_the_cache_equals_the_full_pass(dtype):
    model = random_model().to(dtype)
    prompts, replies = random_texts()
    expected = model(prompts, replies)
    outputs, cache = model.start(prompts)
    for t in range(6):
        assert outputs.dtype == dtype
        assert_close(outputs, expected[:, t], atol=1e-5, rtol=1e-5)
        if t < 5:
            outputs, cache = model.step(replies[:, t], cache)


def test_a_later_token_changes_no_earlier_output():
    model = random_model()
    prompts, replies = random_texts()
    outputs = model(prompts, replies)
    for t in range(5):
        changed = replies.clone()
        changed[:, t] = (changed[:, t] + 1) % 8
        moved = (model(prompts, changed) - outputs).abs().amax(dim=(0, 2))
        assert (moved[: t + 1] == 0).all()
        assert (moved[t + 1 :] > 1e-3).all()


def test_no_row_of_a_batch_sees_another():
    model = random_model()
    prompts, replies = random_texts()
    alone = torch.cat([model(p[None], r[None]) for p, r in zip(prompts, replies, strict=True)])
    assert_close(model(prompts, replies), alone, atol=1e-5, rtol=1e-5)


def test_rows_of_the_cache_go_on_where_they_stood():
    model = random_model()
    prompts, replies = random_texts()
    _, cache = model.start(prompts)
    _, cache = model.step(replies[:, 0], cache)
    index = torch.tensor([4, 1, 1])
    following = torch.tensor([1, 2, 3])
    outputs, longer = model.step(following, cache.rows(index))
    whole = model(prompts[index], torch.stack([replies[index, 0], following], dim=1))
    assert_close(outputs, whole[:, -1], atol=1e-5, rtol=1e-5)
    assert longer.keys[0].shape == longer.values[1].shape == (3, 2, 4, 16)
    assert cache.keys[0].shape == (6, 2, 3, 16)  # the old one is as it was


def test_the_number_of_weights():
    # Embeddings, 2 blocks of 4 d^2 attention and 8 d^2 perceptron, norms, head.
    d, tokens, length, outputs = 32, 13, 7, 8
    block = (3 * d * d + 3 * d) + (d * d + d) + (4 * d * d + 4 * d) + (4 * d * d + d) + 4 * d
    total = (tokens + length) * d + 2 * block + 2 * d + outputs * d + outputs
    assert total == 26_376
    assert sum(weights.numel() for weights in TinyLM(seeded()).parameters()) == total


def test_start_weights_have_their_spread_and_zero_biases():
    model = TinyLM(seeded(), width=64, num_tokens=500)
    assert model.trunk.embed.weight.std().item() == pytest.approx(0.02, rel=0.05)
    for block in model.trunk.blocks:
        assert block.widen.weight.std().item() == pytest.approx(64**-0.5, rel=0.05)
        assert block.narrow.weight.std().item() == pytest.approx(256**-0.5, rel=0.05)
        assert (block.query_key_value.bias == 0).all()
        assert (block.norm_1.weight == 1).all()


def test_weights_depend_on_the_generator_and_on_nothing_else():
    prompts, replies = random_texts()
    before = torch.random.get_rng_state()
    one, same, other = (TinyLM(seeded(seed)) for seed in (0, 0, 1))
    one.with_head(1, seeded())
    assert torch.equal(one(prompts, replies), same(prompts, replies))
    assert not torch.equal(one(prompts, replies), other(prompts, replies))
    assert torch.equal(before, torch.random.get_rng_state())


def weights_of(model):
    return {weights.data_ptr() for weights in model.parameters()}


def test_a_model_with_a_new_head_starts_from_the_trunk_and_shares_nothing():
    model = random_model()
    other = model.with_head(1, seeded(7))
    assert not weights_of(model) & weights_of(other)
    for name, weights in model.trunk.state_dict().items():
        assert torch.equal(weights, other.trunk.state_dict()[name])
    prompts, replies = random_texts()
    assert other(prompts, replies).shape == (6, 6, 1)
    assert torch.equal(other.head.weight, model.with_head(1, seeded(7)).head.weight)
    assert not torch.equal(other.head.weight, model.with_head(1, seeded(8)).head.weight)

    before = model(prompts, replies)
    with torch.no_grad():
        for weights in other.parameters():
            weights.add_(1)
    assert torch.equal(before, model(prompts, replies))


def test_a_new_head_on_a_frozen_model_can_be_trained_with_its_trunk():
    reference = frozen(random_model())
    other = reference.with_head(1, seeded())
    assert all(weights.requires_grad for weights in other.parameters())
    assert not any(weights.requires_grad for weights in reference.parameters())


def test_a_new_head_has_the_precision_of_its_model():
    other = random_model().double().with_head(1, seeded())
    assert {weights.dtype for weights in other.parameters()} == {torch.float64}


def test_no_gradient_reaches_a_frozen_copy():
    model = random_model()
    copy, texts = frozen(model), random_texts()
    assert torch.equal(copy(*texts), model(*texts))
    assert not copy(*texts).requires_grad
    assert model(*texts).requires_grad
    assert not weights_of(model) & weights_of(copy)


def test_the_layers_in_the_order_of_their_use():
    model = TinyLM(seeded())
    prompts, replies = random_texts(num=3, words=4)
    rows = layer_shapes(model, prompts, replies)
    block = [
        ("norm_1", (3, 6, 32), (3, 6, 32), 64),
        ("query_key_value", (3, 6, 32), (3, 6, 96), 32 * 96 + 96),
        ("project", (3, 6, 32), (3, 6, 32), 32 * 32 + 32),
        ("norm_2", (3, 6, 32), (3, 6, 32), 64),
        ("widen", (3, 6, 32), (3, 6, 128), 32 * 128 + 128),
        ("narrow", (3, 6, 128), (3, 6, 32), 128 * 32 + 32),
    ]
    expected = [
        ("trunk.embed", (3, 6), (3, 6, 32), 13 * 32),
        ("trunk.place", (6,), (6, 32), 7 * 32),
        *((f"trunk.blocks.{n}.{name}", *rest) for n in range(2) for name, *rest in block),
        ("trunk.norm", (3, 6, 32), (3, 6, 32), 64),
        ("head", (3, 5, 32), (3, 5, 8), 32 * 8 + 8),
    ]
    assert rows == expected
    assert sum(row.num_weights for row in rows) == 26_376


def test_looking_at_the_layers_leaves_no_hook_behind():
    model, texts = random_model(), random_texts()
    before = model(*texts)
    assert layer_shapes(model, *texts) == layer_shapes(model, *texts)
    with pytest.raises(ValueError, match="a prompt is needed"):
        layer_shapes(model, texts[0][:, :0], texts[1])
    assert not any(part._forward_hooks for part in model.modules())
    assert torch.equal(model(*texts), before)


PROMPTS, REPLIES = random_texts()


def step_with(tokens):
    return TinyLM(seeded()).step(tokens, TinyLM(seeded()).start(PROMPTS)[1])


def one_step_too_many():
    model = TinyLM(seeded(), length=2)
    model.step(PROMPTS[:, 0], model.start(PROMPTS)[1])


def two_rows_short():
    model = TinyLM(seeded())
    model.extend(REPLIES[:3, :2], model.start(PROMPTS)[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TinyLM(seeded(), width=0), "width must be a positive integer, got 0"),
        (lambda: TinyLM(seeded(), num_outputs=2.5), "num_outputs must be a positive .* got 2.5"),
        (lambda: TinyLM(seeded(), num_heads=3), "width must be a multiple of num_heads=3, got 32"),
        (lambda: TinyLM(seeded()).with_head(0, seeded()), "num_outputs must be a positive .* 0"),
        (lambda: TinyLM(seeded())(PROMPTS, REPLIES[:3]), r"got prompts \(6, 2\) and replies \(3"),
        (lambda: TinyLM(seeded())(PROMPTS[0], REPLIES), r"shapes \[B, M\], \[B, T\], got .*\(2,\)"),
        (lambda: TinyLM(seeded())(PROMPTS, REPLIES[:, 0]), r"got .* replies \(6,\)"),
        (lambda: TinyLM(seeded()).start(PROMPTS[0]), r"got prompts \(2,\) and replies \(0,\)"),
        (lambda: TinyLM(seeded(), length=6)(PROMPTS, REPLIES), "6 tokens are the most"),
        (lambda: TinyLM(seeded())(PROMPTS[:, :0], REPLIES), "a prompt is needed"),
        (lambda: TinyLM(seeded())(PROMPTS, REPLIES - 9), r"replies must lie in \[0, 13\), got -"),
        (lambda: TinyLM(seeded())(PROMPTS + 5, REPLIES), r"prompts must lie in \[0, 13\), got 1"),
        (lambda: TinyLM(seeded())(PROMPTS, REPLIES.float()), "replies must be an int64 tensor, g"),
        (lambda: step_with(REPLIES[:3, 0]), r"tokens must have shape \(6,\), got \(3,\)"),
        (lambda: step_with(REPLIES), r"tokens must have shape \(6,\), got \(6, 5\)"),
        (lambda: step_with(REPLIES[:, 0] + 13), r"tokens must lie in \[0, 13\)"),
        (one_step_too_many, "2 tokens are the most, got 1 more than 2"),
        (two_rows_short, r"tokens must have 6 rows, got shape \(3, 2\)"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Several tokens behind a cache, and groups of answers to one prompt.


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_several_tokens_behind_a_cache_are_read_as_one_after_the_other(number):
    model = TinyLM(seeded())
    whole = model(PROMPTS, REPLIES)
    _, cache = model.start(PROMPTS)
    outputs, longer = model.extend(REPLIES[:, :number], cache)
    assert outputs.shape == (6, number, 8)
    assert_close(outputs, whole[:, 1 : number + 1], atol=1e-5, rtol=1e-5)
    assert longer.keys[0].shape[2] == 2 + number
    rest, _ = model.extend(REPLIES[:, number:], longer)
    assert_close(rest, whole[:, number + 1 :], atol=1e-5, rtol=1e-5)


def test_groups_are_read_as_repeated_prompts_and_have_their_gradient():
    model = TinyLM(seeded())
    prompts, size = PROMPTS[:3], 2
    pair = model.groups(prompts, REPLIES), model(prompts.repeat_interleave(size, 0), REPLIES)
    assert_close(*pair, atol=1e-5, rtol=1e-5)
    gradients = [
        torch.autograd.grad((outputs * torch.linspace(-1, 1, 8)).square().sum(), model.parameters())
        for outputs in pair
    ]
    for one, other in zip(*gradients, strict=True):
        assert_close(one, other, atol=1e-3, rtol=1e-4)
    with ForwardMeter(model=model) as meter:
        model.groups(prompts, REPLIES)
    assert meter.readings["model"].tokens == 3 * 2 + 6 * 5


@pytest.mark.parametrize("number", [0, 4, 5])
def test_groups_are_of_equal_size(number):
    with pytest.raises(ValueError, match=f"as many to each of 3 prompts, got {number}"):
        TinyLM(seeded()).groups(PROMPTS[:3], REPLIES[:number])


@pytest.mark.parametrize(
    ("prompts", "answers", "message"),
    [
        (PROMPTS[:0], REPLIES[:0], "as many to each of 0 prompts, got 0"),
        (PROMPTS[:0], REPLIES[:4], "as many to each of 0 prompts, got 4"),
        (PROMPTS[:3], REPLIES[0, 0], "as many to each of 3 prompts, got 1"),
        (PROMPTS[:3], None, "answers must be a torch tensor, got NoneType"),
        (None, REPLIES[:3], "prompts must be a torch tensor, got NoneType"),
        (PROMPTS[:3].tolist(), REPLIES[:3], "prompts must be a torch tensor, got list"),
    ],
)
def test_groups_of_what_is_none_are_named(prompts, answers, message):
    with pytest.raises(ValueError, match=message):
        TinyLM(seeded()).groups(prompts, answers)


def test_answers_may_belong_to_any_prompt():
    model, owners = TinyLM(seeded()), torch.tensor([2, 0, 0, 1, 2, 2])
    outputs = model.groups(PROMPTS[:3], REPLIES, owners=owners)
    assert_close(outputs, model(PROMPTS[owners], REPLIES), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("owners", "message"),
    [
        (torch.tensor([0, 1, 2]), r"owners must have shape \(6,\), got \(3,\)"),
        (torch.tensor([0, 1, 2, 3, 0, 0]), r"owners must lie in \[0, 3\), got 3"),
        (torch.zeros(6), "owners must be an int64 tensor"),
    ],
)
def test_owners_name_a_prompt_for_each_answer(owners, message):
    with pytest.raises(ValueError, match=message):
        TinyLM(seeded()).groups(PROMPTS[:3], REPLIES, owners=owners)


def random_block(num_heads=2):
    return random_model(num_heads=num_heads).trunk.blocks[0]


def random_bias(*shape, seed=3):
    return torch.randn(shape, generator=seeded(seed))


def test_a_bias_that_hides_what_is_later_is_causal():
    block, inputs = random_block(), random_bias(3, 5, 32, seed=4)
    hidden = torch.full((5, 5), float("-inf")).triu(1).expand(3, 2, 5, 5)
    for low in (hidden, hidden.clamp(min=-1e4)):
        outputs, (keys, _) = block(inputs, bias=low)
        expected, (causal_keys, _) = block(inputs)
        assert_close(outputs, expected, atol=1e-5, rtol=1e-5)
        assert_close(keys, causal_keys)


def test_with_a_bias_every_place_sees_every_other():
    block, inputs = random_block(), random_bias(1, 4, 32, seed=4)
    before, _ = block(inputs, bias=torch.zeros(1, 2, 4, 4))
    for place in range(4):
        moved = inputs.clone()
        moved[:, place] = random_bias(1, 32, seed=5)
        after, _ = block(moved, bias=torch.zeros(1, 2, 4, 4))
        assert ((after - before).abs().amax(dim=(0, 2)) > 1e-3).all()


def test_with_a_bias_the_order_is_no_matter():
    block, inputs, bias = random_block(), random_bias(2, 4, 32, seed=4), random_bias(2, 2, 4, 4)
    order = torch.tensor([2, 0, 3, 1])
    outputs, _ = block(inputs, bias=bias)
    turned, _ = block(inputs[:, order], bias=bias[:, :, order][..., order])
    assert_close(turned, outputs[:, order], atol=1e-5, rtol=1e-5)
    other, _ = block(inputs, bias=bias.transpose(2, 3))  # who looks is the third axis
    assert (other - outputs).abs().max() > 1e-2


def test_a_bias_that_is_one_number_for_each_place_that_looks_changes_nothing():
    block, inputs, bias = random_block(), random_bias(2, 4, 32, seed=4), random_bias(2, 2, 4, 4)
    outputs, _ = block(inputs, bias=bias)
    lifted, _ = block(inputs, bias=bias + random_bias(2, 2, 4, 1, seed=6))
    assert_close(lifted, outputs, atol=1e-5, rtol=1e-5)


def test_a_bias_by_hand():
    # Without weights all scores are 0: attention is the softmax of the bias alone.
    block, inputs = random_block(), random_bias(1, 3, 32, seed=4)
    with torch.no_grad():
        block.query_key_value.weight[:64] = 0
        block.query_key_value.bias[:64] = 0
    bias = torch.log(torch.tensor([[1.0, 2.0, 1.0], [1.0, 0.0, 0.0], [0.0, 3.0, 1.0]]))
    _, (_, values) = block(inputs, bias=bias)
    values = values.transpose(1, 2).reshape(3, 32)  # both heads beside each other
    mean = torch.stack(
        [(values[0] + 2 * values[1] + values[2]) / 4, values[0], (3 * values[1] + values[2]) / 4]
    )
    hidden = inputs[0] + mean @ block.project.weight.T + block.project.bias
    wide = torch.nn.functional.gelu(block.widen(block.norm_2(hidden)))
    outputs, _ = block(inputs, bias=bias)
    assert_close(outputs[0], hidden + block.narrow(wide), atol=1e-5, rtol=1e-5)


def test_a_bias_goes_without_keys_and_values_from_before():
    block, inputs = random_block(), random_bias(2, 1, 32, seed=4)
    _, before = block(inputs)
    with pytest.raises(ValueError, match=r"bias must be None with before, got shape \(1, 2\)"):
        block(inputs, before, bias=torch.zeros(1, 2))


def test_start_weights_are_drawn_part_by_part():
    generator = seeded(1)
    parts = [linear(40, 50), torch.nn.Embedding(60, 30), linear(50, 2)]
    start_weights(torch.nn.Sequential(*parts), generator)
    expected, again = seeded(1), [linear(40, 50), torch.nn.Embedding(60, 30), linear(50, 2)]
    for part, other in zip(again, parts, strict=True):
        start_weights(part, expected)
        assert (part.weight == other.weight).all()
    assert (generator.get_state() == expected.get_state()).all()
    assert parts[0].weight.std().item() == pytest.approx(40**-0.5, rel=0.1)
    assert parts[1].weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert (parts[0].bias == 0).all()


def test_start_weights_of_a_map_without_bias():
    layer = torch.nn.utils.skip_init(torch.nn.Linear, 40, 50, bias=False)
    other = linear(40, 50)
    start_weights(layer, seeded(1))
    start_weights(other, seeded(1))
    assert torch.equal(layer.weight, other.weight)


def test_neither_a_layer_nor_its_start_touches_other_randomness():
    state = torch.get_rng_state()
    layer, norm = linear(3, 2), torch.nn.LayerNorm(3)
    start_weights(torch.nn.Sequential(layer, norm), seeded())
    assert layer.weight.shape == (2, 3)
    assert (norm.weight == 1).all()
    assert (torch.get_rng_state() == state).all()
