"""Oracles: exact answers for small worlds, to stand beside every estimate.

`mdp`                  values, variances and visits of a finite MDP
`policy_gradients`     objective and gradient of a softmax policy
`trajectories`         every episode of a small world, moments of an estimator
`gradient_estimators`  the weights a policy gradient may give to a score
`gae_moments`          bias and variance of GAE, and of the gradient it gives
`derivation`           the policy-gradient derivation, both sides of every line
`dpo_derivation`       the derivation of DPO, likewise
`rungs`                one line of a derivation, and the slopes in it
`prefix_tree`          every prefix of a small language, each computed once
`language`             every completion of a small language, and the best of them
`frontier`             the most reward at a KL divergence; the best of n samples
`max_bias`             bias of a maximum over noisy estimates
`semi_gradient`        when a value that chases itself diverges
`importance_sampling`  samples of one distribution for the mean of another
`bradley_terry`        what a fit of preferences finds: flips, answers that never lost
`population_dpo`       the DPO loss of endless data, and where its margins end
`displacement`         what DPO on one pair does to answers that share features
`kl_estimators`        k1, k2 and k3 as values and as gradients, whatever samples them
`pass_rates`           dead groups, pass@k, a verifier that errs
`group_weights`        which objective an estimator from groups of replies climbs
`length_bias`          what GRPO's normalizers do to the length of answers
`lineage`              from REINFORCE to PPO, one ingredient at a time
`memory`               bytes that training holds, method by method
`transformer_shapes`   sizes of a transformer's maps, adapters and caches
`rollout_times`        how long a batch takes to write, score and learn from
`rollout_schedule`     who waits for whom: one pool of devices, or two
`rollout_lengths`      the longest of n answers, and what old samples are worth
`local_models`         what TRPO and PPO see of a policy nearby, without sampling
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
