"""Pure functions: no drawing, no sampling, no files. Needs only numpy and torch.

`finite_mdp`         the tables of a finite Markov decision process
`probability_tables` rows that sum to one, and their short form without zeros
`policy_evaluation`  the exact values of a policy, by one linear solve
`bellman`            backups, value and policy iteration
`q_targets`          targets and losses of Q-learning
`dueling`            action values from a state value and advantages
`inputs`             checks, masks and dtypes of what goes into the torch functions
`recurrences`        a backward loop over time, solved in log2(T) rounds
`returns`            discounted returns and lambda-returns of recorded episodes
`advantages`         TD errors and generalized advantage estimates (GAE)
`log_probs`          log-probability, entropy and score of a softmax policy
`sampling`           what a sampler draws from: temperature and nucleus
`sequences`          completions: log-probabilities per token, masks, last tokens
`policy_gradients`   losses of a policy and of a value function; PPO's clipped loss
`kl_penalty`         a price on the KL divergence: RLHF's rewards, PPO's other loss
`kl`                 KL divergence of two distributions; its estimators k1, k2, k3
`preferences`        Bradley-Terry: probabilities, a reward model's loss, a fit
`preference_pairs`   the best and the worst of scored answers, as pairs for DPO
`trust_region`       TRPO's step: as far as a bound on the KL divergence allows
`extraction`         what an invoice that was read is worth: fields, sums, formats
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
