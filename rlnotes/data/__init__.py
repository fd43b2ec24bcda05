"""What agents learn from: stored experience, and the data sets of later chapters.

`replay_buffer`       a ring of transitions, sampled uniformly
`prioritized_replay`  the same, sampled by priority
`help_desk`           prompts, replies and a gold reward: a language of 8 symbols
"""
