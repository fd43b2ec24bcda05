"""A policy that reads invoices and receipts, trained by every method of the book.

`examples`         documents made ready: what is read, what can be written, the label
`batches`          pages for the policy, and the same with parts of them changed
`demonstrations`   labels as demonstrations of what to point at
`sft`              imitation of labels
`scoring`          rewards of answers, with labels or without
`on_policy`        PPO, GRPO and their relatives: from scores of the policy's answers
`dpo`              from pairs of answers
`evaluation`       per-field F1, success on whole documents, rules kept, and gains
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
