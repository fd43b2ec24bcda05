"""Adapters and caches: published counts, hand numbers, and real ones in torch."""

import pytest
import torch

from rlnotes.exact.transformer_shapes import (
    GPT3_SHAPES,
    block_shapes,
    kv_cache_bytes,
    low_rank_size,
)
from rlnotes.models.low_rank import add_low_rank, num_trainable
from rlnotes.models.tiny_lm import TinyLM


def test_the_published_adapters_of_gpt_3():
    shapes = block_shapes(96, 12288, maps=["query", "value"])
    # Hu et al. (2022), Table 4: 4.7M and 37.7M trained parameters.
    assert [round(low_rank_size(shapes, rank=rank) / 1e6, 1) for rank in (1, 8)] == [4.7, 37.7]
    assert low_rank_size(shapes, rank=4) == 18_874_368
    assert round(175_255_800_000 / low_rank_size(shapes, rank=4), -3) == 9000


@pytest.mark.parametrize("billions", GPT3_SHAPES)
def test_blocks_and_embeddings_make_up_the_published_size(billions):
    num_layers, width = GPT3_SHAPES[billions]
    blocks = sum(inputs * outputs for inputs, outputs in block_shapes(num_layers, width))
    embeddings = (50_257 + 2048) * width  # words and places
    assert (blocks + embeddings) / 1e9 == pytest.approx(billions, rel=0.03)


def test_maps_of_one_block():
    assert block_shapes(1, 2) == [(2, 2)] * 4 + [(2, 8), (8, 2)]
    assert block_shapes(2, 5, maps=["narrow", "key"]) == [(20, 5), (5, 5)] * 2
    assert low_rank_size(block_shapes(3, 2), rank=5) == 3 * 5 * (4 * 4 + 2 * 10)
    assert low_rank_size([], rank=5) == 0


@pytest.mark.parametrize("rank", [1, 4])
def test_the_adapters_of_a_real_model(rank):
    model = TinyLM(torch.Generator().manual_seed(0))
    shapes = [
        (part.in_features, part.out_features)
        for part in model.modules()
        if isinstance(part, torch.nn.Linear)
    ]
    adapted = add_low_rank(model, rank=rank, generator=torch.Generator().manual_seed(1))
    assert num_trainable(adapted) == low_rank_size(shapes, rank=rank)


@pytest.mark.parametrize(("num_sequences", "prompt", "reply"), [(3, 2, 4), (1, 1, 1)])
def test_the_cache_of_a_real_model(num_sequences, prompt, reply):
    model = TinyLM(torch.Generator().manual_seed(0), width=24, num_heads=3, num_blocks=2)
    _, cache = model.start(torch.zeros(num_sequences, prompt).long())
    for _ in range(reply):
        _, cache = model.step(torch.zeros(num_sequences).long(), cache)
    held = sum(t.numel() * t.element_size() for t in (*cache.keys, *cache.values))
    assert held == kv_cache_bytes(
        num_layers=2,
        num_heads=3,
        head_size=8,
        num_sequences=num_sequences,
        length=prompt + reply,
        bytes_per_number=4,
    )


def test_bad_input():
    with pytest.raises(ValueError, match="width must be a positive integer, got 0"):
        block_shapes(1, 0)
    with pytest.raises(ValueError, match=r"maps must be one of .*, got 'q'"):
        block_shapes(1, 2, maps=["q"])
    with pytest.raises(ValueError, match="rank must be a positive integer, got 0"):
        low_rank_size([(1, 1)], rank=0)
    with pytest.raises(ValueError, match=r"outputs must be a positive integer, got 0.5"):
        low_rank_size([(1, 0.5)], rank=1)
    sizes = {"num_layers": 1, "num_heads": 1, "head_size": 1, "num_sequences": 1}
    with pytest.raises(ValueError, match="length must be a positive integer, got -1"):
        kv_cache_bytes(**sizes, length=-1)
