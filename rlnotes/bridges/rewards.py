"""The reward of chapter 10 in the form that TRL calls."""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Real

from rlnotes._checks import require_option, shown
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, composite_reward, invoice_reward
from rlnotes.functional.extraction.structure import MISSING_ROWS

Score = Callable[[str, Mapping | None], float]
_UNREADABLE = ""


class RewardError(ValueError):
    """A reward that could not be computed, with the document and what was wrong."""


class InvoiceReward:
    """`invoice_reward` of each answer: what TRL's trainers take as `reward_funcs`.

    TRL hands over the text of an answer without its special tokens, so the text does
    not tell whether the answer ended or was cut: only its ids do. An answer that did
    not end earns what an unreadable one earns, since nobody knows how it goes on.

    A trainer that gets None from its only reward leaves the answer out without an
    error, and beside another reward it counts None as 0. Here that is an error.

    Attributes:
        labels: whether the label is looked at; without it only the rules are left.
        end_ids: tokens that end an answer. Empty: the ids are not looked at.
    """

    __name__ = "invoice_reward"  # TRL names its columns after it

    def __init__(
        self,
        *,
        end_ids: Collection[int],
        labels: bool = True,
        weights: Mapping[str, float] = REWARD_WEIGHTS,
        missing_rows: str = "pass",
        score: Score | None = None,
    ):
        """Settle how answers are scored.

        Args:
            end_ids: see above; a trainer has them as `eos_token_ids`.
            labels: see above.
            weights: of the four parts, see `invoice_reward`.
            missing_rows: what a row counts that the answer lacks: "pass", "half" or
                "fail"; without labels only.
            score: (text of an answer, target or None) to a number, instead of
                `invoice_reward`; weights and missing_rows are then not looked at.

        Raises:
            ValueError: if weights or missing_rows is no good one.
        """
        require_option(MISSING_ROWS, missing_rows=missing_rows)
        composite_reward(0, 0, 0, 0, weights=weights)  # refuses bad weights
        self.labels, self.end_ids = labels, frozenset(end_ids)
        self._weights, self._missing_rows = dict(weights), missing_rows
        self._score = self._invoice_reward if score is None else score

    def __call__(
        self,
        prompts: Sequence,
        completions: Sequence,
        completion_ids: Sequence[Sequence[int]],
        **columns: object,
    ) -> list[float]:
        """One reward for each answer.

        Args:
            prompts: [B] not looked at.
            completions: [B] answers, each a text or a list of messages of which the
                last one counts.
            completion_ids: [B] tokens of the answers, the one that ends them included.
            columns: of the data set, [B] each: `target`, the label as JSON, unless
                labels is False; `name` of the document, for errors. Others are ignored.

        Returns:
            [B] rewards, floats.

        Raises:
            RewardError: if there is no label where one is asked for, or a score raises
                or is no finite number.
            ValueError: if there are not as many ids, targets or names as answers.
        """
        count = len(completions)
        targets = columns.get("target") if self.labels else [None] * count
        names = columns.get("name") or [f"number {row}" for row in range(count)]
        if targets is None:
            raise RewardError("columns must hold target, the labels as JSON, got none")
        rows = {"completion_ids": completion_ids, "target": targets, "name": names}
        for name, row in rows.items():
            if len(row) != count:
                raise ValueError(f"{name} must have {count} rows, one an answer, got {len(row)}")
        return [
            self._of_answer(_text(answer) if self._ended(ids) else _UNREADABLE, target, name)
            for answer, ids, target, name in zip(
                completions, completion_ids, targets, names, strict=True
            )
        ]

    def _ended(self, ids: Sequence[int]) -> bool:
        return not self.end_ids or (len(ids) > 0 and int(ids[-1]) in self.end_ids)

    def _of_answer(self, text: str, target: str | None, name: str) -> float:
        where = f"the reward of document {name!r}, answer {shown(text)}, "
        if self.labels and target is None:
            raise RewardError(f"{where}needs a label, got none")
        try:
            value = self._score(text, json.loads(target) if self.labels else None)
        except Exception as error:
            raise RewardError(f"{where}raised {type(error).__name__}: {error}") from error
        if not isinstance(value, Real) or not math.isfinite(value):
            raise RewardError(f"{where}must be a finite number, got {shown(value)}")
        return float(value)

    def _invoice_reward(self, text: str, target: Mapping | None) -> float:
        return invoice_reward(
            text, target, weights=self._weights, missing_rows=self._missing_rows
        ).total


def _text(answer: str | Sequence[Mapping]) -> str:
    """The text of an answer, or of the last of its messages; "" if there is none."""
    if isinstance(answer, str):
        return answer
    content = answer[-1].get("content") if answer else None
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())
