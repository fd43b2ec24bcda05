"""A language model small enough to know everything about: 27 completions, 7 contexts.

It is the bigram model of the token tree, frozen, plus a small network that starts at
zero and is shared by all contexts. A context is what the model sees: the position and
the last token. A table holds the log-probabilities of the next token in every context.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn

from rlnotes.envs.token_tree import BIGRAM_LOGITS, VOCABULARY, verifier_reward
from rlnotes.exact.language import expected_reward
from rlnotes.exact.prefix_tree import all_completions
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.mlp import MLP

CONTEXTS = ("start", *(f"{t}:{last}" for t in (1, 2) for last in VOCABULARY))


class AdaptedBigram(nn.Module):
    """Logits of the frozen bigram model plus those of a network that starts at zero."""

    def __init__(self, generator: torch.Generator):
        super().__init__()
        rows = [BIGRAM_LOGITS[""], *(BIGRAM_LOGITS[last] for last in VOCABULARY * 2)]
        self.register_buffer("ref_logits", torch.tensor(rows))
        position = torch.eye(3)[[0, 1, 1, 1, 2, 2, 2]]
        last = torch.eye(4)[[0, 1, 2, 3, 1, 2, 3]]
        self.register_buffer("features", torch.cat([position, last], dim=1))
        self.network = MLP([7, 16, 3], generator=generator)
        nn.init.zeros_(self.network.layers[-1].weight)

    def forward(self) -> Tensor:
        """[7, 3] log-probabilities of the next token in every context."""
        return torch.log_softmax(self.ref_logits + self.network(self.features), dim=-1)

    def reference(self) -> Tensor:
        """[7, 3] those of the frozen model alone."""
        return torch.log_softmax(self.ref_logits, dim=-1)


@lru_cache(maxsize=1)
def completions() -> tuple[Tensor, Tensor, Tensor]:
    """Contexts [27, 3], tokens [27, 3] and rewards [27] of all completions."""
    tokens = all_completions(len(VOCABULARY), 3)
    texts = ["".join(VOCABULARY[token] for token in row) for row in tokens.tolist()]
    contexts = torch.zeros_like(tokens)
    contexts[:, 1], contexts[:, 2] = 1 + tokens[:, 0], 4 + tokens[:, 1]
    return contexts, tokens, torch.tensor([verifier_reward(text) for text in texts])


def token_log_probs(table: Tensor, drawn: Tensor | slice = slice(None)) -> Tensor:
    """[B, 3] log-probability of each token of some completions, from a table [7, 3]."""
    contexts, tokens, _ = completions()
    return table[contexts[drawn], tokens[drawn]]


def objective(table: Tensor) -> Tensor:
    """Exact J of a table of log-probabilities [7, 3]: the mean reward."""
    return expected_reward(token_log_probs(table).sum(dim=-1), completions()[2])


def completion_kl(table_p: Tensor, table_q: Tensor) -> Tensor:
    """Exact KL(p || q) of the two distributions over completions, nats."""
    return kl_divergence(*(token_log_probs(table).sum(dim=-1) for table in (table_p, table_q)))
