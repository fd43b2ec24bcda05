"""Training loops: each has a `Config`, a `Result` and a `train_*` function.

`q_learning`         tabular Q-learning on a Gymnasium environment
`q_learning_tables`  the same on the tables of a finite MDP, many times faster
"""
