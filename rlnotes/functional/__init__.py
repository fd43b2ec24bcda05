"""Pure functions: no drawing, no sampling, no files. Needs only numpy and torch.

`finite_mdp`        the tables of a finite Markov decision process
`bellman`           backups, policy evaluation, value and policy iteration
`q_targets`         targets and losses of Q-learning
`dueling`           action values from a state value and advantages
`returns`           discounted returns of recorded episodes
`log_probs`         log-probability, entropy and score of a softmax policy
`policy_gradients`  losses of a policy and of a value function
"""
