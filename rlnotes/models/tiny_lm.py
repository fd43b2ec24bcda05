"""A causal transformer of about 26,000 weights, with a head for words or a number.

One trunk serves four models. A language head gives logits of the next symbol, a number
head gives a value before each word or a score after each word.
"""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rlnotes._checks import require_indices, require_positive_integer
from rlnotes.functional.inputs import require_tensors


class Cache(NamedTuple):
    """Keys and values of the tokens read so far: what the next token attends to."""

    keys: tuple[Tensor, ...]  # one per block, [B, H, t, d / H]
    values: tuple[Tensor, ...]  # likewise

    def rows(self, index: Tensor) -> "Cache":
        """The cache of some rows of the batch, each as often as it is asked for."""
        return Cache(*(tuple(part[index] for part in parts) for parts in self))


class Block(nn.Module):
    """Self-attention, then a perceptron; each reads a normalized copy and adds.

        x = x + attention(LN(x))
        x = x + W_2 gelu(W_1 LN(x))

    Causal, unless a bias says what sees what. Weights are not drawn here, see
    `start_weights`.

    Args:
        width: d, of what comes in and goes out; a multiple of num_heads.
        num_heads: H.
    """

    def __init__(self, width: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = linear(width, 3 * width)
        self.project = linear(width, width)
        self.widen, self.narrow = linear(width, 4 * width), linear(4 * width, width)

    def forward(
        self,
        inputs: Tensor,
        before: tuple[Tensor, Tensor] | None = None,
        *,
        bias: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """[B, t, d] to the same, and all keys and values.

        Args:
            inputs: [B, t, d].
            before: keys and values [B, H, s, d / H] of what was read so far.
            bias: [B, H, t, t], or what broadcasts to it: added to the score that a
                place, the third axis, gives to another one, the last axis. With it
                nothing is hidden, later places neither.

        Raises:
            ValueError: for a bias together with keys and values from before.
        """
        if before is not None and bias is not None:
            raise ValueError(f"bias must be None with before, got shape {tuple(bias.shape)}")
        batch, length, width = inputs.shape
        shape = batch, length, self.num_heads, width // self.num_heads
        parts = self.query_key_value(self.norm_1(inputs)).chunk(3, dim=-1)
        query, key, value = (part.view(shape).transpose(1, 2) for part in parts)
        visible = bias
        if before is not None:
            read = before[0].shape[2]
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
            if length > 1:
                visible = torch.ones(length, read + length, dtype=torch.bool).tril(read)
        attended = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, is_causal=before is None and bias is None
        )
        hidden = inputs + self.project(attended.transpose(1, 2).reshape(batch, length, width))
        wide = nn.functional.gelu(self.widen(self.norm_2(hidden)))
        return hidden + self.narrow(wide), (key, value)


class Trunk(nn.Module):
    """Embeddings of token and place, blocks, and a last normalization."""

    def __init__(self, num_tokens: int, length: int, width: int, num_blocks: int, num_heads: int):
        super().__init__()
        self.embed = nn.utils.skip_init(nn.Embedding, num_tokens, width)
        self.place = nn.utils.skip_init(nn.Embedding, length, width)
        self.blocks = nn.ModuleList(Block(width, num_heads) for _ in range(num_blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Features [B, t, d] of tokens [B, t] that follow those in the cache."""
        start = 0 if cache is None else cache.keys[0].shape[2]
        places = torch.arange(start, start + tokens.shape[1])
        hidden, keys, values = self.embed(tokens) + self.place(places), [], []
        for number, block in enumerate(self.blocks):
            before = None if cache is None else (cache.keys[number], cache.values[number])
            hidden, (key, value) = block(hidden, before)
            keys.append(key)
            values.append(value)
        return self.norm(hidden), Cache(tuple(keys), tuple(values))


class TinyLM(nn.Module):
    """A pre-LN causal transformer over a prompt and a reply, with one head.

    Reading x_1 ... x_m y_1 ... y_t gives one output after the prompt and one after each
    token of the reply. As a language model the output after y_t are logits of y_{t+1};
    as a number it is V of what comes, or the score of the reply so far.

    Args:
        generator: source of the start weights: normal, standard deviation 0.02 in
            embeddings, 1/sqrt(inputs) in layers, zero in biases.
        num_outputs: symbols of a language head, or 1 for a value or score.
        num_tokens: size of the whole vocabulary, prompts included.
        length: tokens of prompt and reply together, at most.
        width, num_blocks, num_heads: of the transformer.

    Raises:
        ValueError: if a number is not a positive integer, or width is no multiple of
            num_heads.

    References:
        Vaswani et al. (2017), arXiv:1706.03762; Xiong et al. (2020), arXiv:2002.04745
        (normalizing before each part).

    Example:
        >>> model = TinyLM(torch.Generator().manual_seed(0))
        >>> model(torch.zeros(3, 2).long(), torch.zeros(3, 4).long()).shape
        torch.Size([3, 5, 8])
    """

    def __init__(
        self,
        generator: torch.Generator,
        *,
        num_outputs: int = 8,
        num_tokens: int = 13,
        length: int = 7,
        width: int = 32,
        num_blocks: int = 2,
        num_heads: int = 2,
    ):
        super().__init__()
        sizes = {"num_outputs": num_outputs, "num_tokens": num_tokens, "length": length}
        shape = {"width": width, "num_blocks": num_blocks, "num_heads": num_heads}
        require_positive_integer(**sizes, **shape)
        if width % num_heads:
            raise ValueError(f"width must be a multiple of num_heads={num_heads}, got {width}")
        self.length = length
        self.trunk = Trunk(num_tokens, length, **shape)
        self.head = linear(width, num_outputs)
        start_weights(self, generator)

    def forward(self, prompts: Tensor, replies: Tensor) -> Tensor:
        """[B, T + 1, num_outputs] after the prompts [B, M] and each token of [B, T].

        Raises:
            ValueError: if the two do not fit together, are too long, or hold what is no
                token.
        """
        features, _ = self.trunk(self._joined(prompts, replies))
        return self.head(features[:, prompts.shape[1] - 1 :])

    def start(self, prompts: Tensor) -> tuple[Tensor, Cache]:
        """[B, num_outputs] after the prompts [B, M], and the cache to go on with."""
        require_tensors(prompts=prompts)
        features, cache = self.trunk(self._joined(prompts, prompts[..., :0]))
        return self.head(features[:, -1]), cache

    def extend(self, tokens: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """[B, t, num_outputs] after each of more tokens [B, t] in rows of the cache.

        Raises:
            ValueError: for what is no token, another number of rows, or too many
                tokens.
        """
        require_indices(self.trunk.embed.num_embeddings, tokens=tokens)
        rows, read = len(cache.keys[0]), cache.keys[0].shape[2]
        if tokens.ndim != 2 or len(tokens) != rows:
            raise ValueError(f"tokens must have {rows} rows, got shape {tuple(tokens.shape)}")
        if read + tokens.shape[1] > self.length:
            raise ValueError(
                f"{self.length} tokens are the most, got {tokens.shape[1]} more than {read}"
            )
        features, cache = self.trunk(tokens, cache)
        return self.head(features), cache

    def step(self, tokens: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """[B, num_outputs] after one more token [B] in each row of the cache.

        Raises:
            ValueError: for what is no token for each row, or one token too many.
        """
        require_indices(self.trunk.embed.num_embeddings, tokens=tokens)
        rows = len(cache.keys[0])
        if tokens.shape != (rows,):
            raise ValueError(f"tokens must have shape {(rows,)}, got {tuple(tokens.shape)}")
        outputs, cache = self.extend(tokens[:, None], cache)
        return outputs[:, -1], cache

    def groups(self, prompts: Tensor, answers: Tensor, *, owners: Tensor | None = None) -> Tensor:
        """[B, T + 1, num_outputs] of several answers to each of P prompts, read once.

        The same as `forward` with the prompt of each answer beside it.

        Args:
            prompts: [P, M] tokens.
            answers: [B, T] tokens.
            owners: [B] int64, the prompt of each answer; None: as many answers to each
                prompt, those to the first one first.

        Raises:
            ValueError: as for `forward`, if owners do not fit, or without them there is
                no whole number of answers to each prompt.
        """
        require_tensors(answers=answers)
        first, cache = self.start(prompts)
        count = answers.shape[:1].numel()
        if owners is None:
            size, rest = divmod(count, len(prompts)) if len(prompts) else (0, count)
            if rest or not size:
                raise ValueError(
                    f"answers must be as many to each of {len(prompts)} prompts, got {count}"
                )
            owners = torch.arange(len(prompts)).repeat_interleave(size)
        require_indices(len(prompts), owners=owners)
        if owners.shape != (count,):
            raise ValueError(f"owners must have shape {(count,)}, got {tuple(owners.shape)}")
        following, _ = self.extend(answers, cache.rows(owners))
        return torch.cat([first[owners, None], following], dim=1)

    def with_head(self, num_outputs: int, generator: torch.Generator) -> "TinyLM":
        """A model of its own that starts from this trunk's weights, with a new head.

        Everything in it can be trained, even if this model is frozen.

        Raises:
            ValueError: if num_outputs is not a positive integer.
        """
        require_positive_integer(num_outputs=num_outputs)
        model = copy.deepcopy(self).requires_grad_(True)
        model.head = linear(self.head.in_features, num_outputs).to(self.head.weight.dtype)
        start_weights(model.head, generator)
        return model

    def _joined(self, prompts: Tensor, replies: Tensor) -> Tensor:
        require_tensors(prompts=prompts, replies=replies)
        shapes = f"prompts {tuple(prompts.shape)} and replies {tuple(replies.shape)}"
        if prompts.ndim != 2 or replies.ndim != 2 or len(prompts) != len(replies):
            raise ValueError(f"prompts and replies must have shapes [B, M], [B, T], got {shapes}")
        if not 0 < prompts.shape[1] <= prompts.shape[1] + replies.shape[1] <= self.length:
            raise ValueError(f"a prompt is needed, {self.length} tokens are the most, got {shapes}")
        require_indices(self.trunk.embed.num_embeddings, prompts=prompts, replies=replies)
        return torch.cat([prompts, replies], dim=1)


def frozen(model: nn.Module) -> nn.Module:
    """A copy that no gradient reaches: a reference, or a reward model in use."""
    return copy.deepcopy(model).requires_grad_(False)


def require_outputs(num_outputs: int, **models: TinyLM) -> None:
    """Raise unless all are models with a head of this size: words, or one number."""
    for name, model in models.items():
        if not isinstance(model, TinyLM):
            raise ValueError(f"{name} must be a TinyLM, got {type(model).__name__}")
        size = model.head.out_features
        if size != num_outputs:
            raise ValueError(f"{name} must have a head of {num_outputs} outputs, got {size}")


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map without start weights: the usual ones use the global generator.

    Its numbers are whatever the memory held, until `start_weights`.

    Args:
        inputs: numbers that go in.
        outputs: numbers that come out.
    """
    return nn.utils.skip_init(nn.Linear, inputs, outputs)


@torch.no_grad()
def start_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all embeddings and linear maps, in the order of the modules.

    Embeddings are normal with standard deviation 0.02, weights of a linear map with
    1/sqrt(inputs); biases are zero. Anything else is left as it is.

    Args:
        module: changed in place.
        generator: source of the numbers.
    """
    for part in module.modules():
        if isinstance(part, nn.Embedding):
            part.weight.normal_(std=0.02, generator=generator)
        elif isinstance(part, nn.Linear):
            part.weight.normal_(std=part.in_features**-0.5, generator=generator)
            if part.bias is not None:
                part.bias.zero_()
