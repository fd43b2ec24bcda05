"""Pure functions: no drawing, no sampling, no files. Needs only numpy and torch.

`finite_mdp`  the tables of a finite Markov decision process
`bellman`     backups, policy evaluation, value and policy iteration
`q_targets`   what Q-learning and double Q-learning move towards
`returns`     discounted returns of recorded episodes
"""
