"""What follows from the shapes of a transformer: adapters and the cache of keys."""

from collections.abc import Sequence

from rlnotes._checks import require_option, require_positive_integer

# Billions of weights -> layers, width. Brown et al. (2020), arXiv:2005.14165, Table
# 2.1, without 13B, whose width is printed as 5140 beside 40 heads of 128.
GPT3_SHAPES = {
    0.125: (12, 768),
    0.35: (24, 1024),
    0.76: (24, 1536),
    1.3: (24, 2048),
    2.7: (32, 2560),
    6.7: (32, 4096),
    175.0: (96, 12288),
}
# Linear maps of a block: inputs and outputs, times its width.
MAPS = {
    "query": (1, 1),
    "key": (1, 1),
    "value": (1, 1),
    "output": (1, 1),
    "widen": (1, 4),
    "narrow": (4, 1),
}


def block_shapes(
    num_layers: int, width: int, *, maps: Sequence[str] = tuple(MAPS)
) -> list[tuple[int, int]]:
    """Inputs and outputs of the linear maps in all blocks, without embeddings.

    Args:
        num_layers: number of blocks.
        width: d.
        maps: which of `MAPS` to take, in each block.

    Raises:
        ValueError: if a number is no positive integer, or a map is unknown.

    Example:
        >>> block_shapes(2, 3, maps=["widen"])
        [(3, 12), (3, 12)]
    """
    require_positive_integer(num_layers=num_layers, width=width)
    for name in maps:
        require_option(MAPS, maps=name)
    one = [(MAPS[name][0] * width, MAPS[name][1] * width) for name in maps]
    return one * num_layers


def low_rank_size(shapes: Sequence[tuple[int, int]], *, rank: int) -> int:
    """How many numbers adapters of low rank train on linear maps of these shapes.

        sum of r * (inputs + outputs)

    Args:
        shapes: inputs and outputs of each map.
        rank: r.

    Raises:
        ValueError: if rank or a number of a shape is no positive integer.

    References:
        Hu et al. (2022), arXiv:2106.09685, section 4.1.

    Example:
        >>> low_rank_size([(8, 6)], rank=2)
        28
    """
    require_positive_integer(rank=rank)
    for inputs, outputs in shapes:
        require_positive_integer(inputs=inputs, outputs=outputs)
    return sum(rank * (inputs + outputs) for inputs, outputs in shapes)


def kv_cache_bytes(
    *,
    num_layers: int,
    num_heads: int,
    head_size: int,
    num_sequences: int,
    length: int,
    bytes_per_number: int = 2,
) -> int:
    """Bytes of the keys and values that a rollout keeps for the tokens read so far.

        2 * layers * heads * head size * sequences * length * bytes

    Args:
        num_layers: number of blocks.
        num_heads: of keys and values; fewer than of queries where queries share them.
        head_size: numbers of one key.
        num_sequences: written side by side.
        length: tokens of prompt and reply.
        bytes_per_number: 2 in 16 bit, 4 in float32.

    Raises:
        ValueError: if a number is no positive integer.

    Example:
        >>> shape = {"num_layers": 1, "num_heads": 2, "head_size": 3}
        >>> kv_cache_bytes(**shape, num_sequences=4, length=5)
        480
    """
    numbers = {
        "num_layers": num_layers,
        "num_heads": num_heads,
        "head_size": head_size,
        "num_sequences": num_sequences,
        "length": length,
        "bytes_per_number": bytes_per_number,
    }
    require_positive_integer(**numbers)
    product = 2  # a key and a value
    for size in numbers.values():
        product *= size
    return product
