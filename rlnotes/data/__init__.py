"""What agents learn from: stored experience, and the data sets of later chapters.

`replay_buffer`         a ring of transitions, sampled uniformly
`prioritized_replay`    the same, sampled by priority
`help_desk`             prompts, replies and a gold reward: a language of 8 symbols
`carry_addition`        prompts of two-digit sums, half of them held out
`carry_demonstrations`  how pupils add them: most forget the carry
`carry_rewards`         a verifier of answers, and two that can be cheated
`invoices`              receipts and invoices of our own making, with their labels
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
