"""Training loops: each has a `Config`, a `Result` and a `train_*` function.

`q_learning`         tabular Q-learning on a Gymnasium environment
`q_learning_tables`  the same on the tables of a finite MDP, many times faster
`dqn`                DQN, with every part on a switch
`probing`            a DQN learner on one rung of the probe ladder
`evaluation`         greedy evaluation on CartPole, and when it counts as solved
`episodes`           which episodes ended in a run, and how
`optimizing`         generators from seeds, Adam, and one step of it
`fast`               what only saves time, behind `Config.fast`
`recordings`         recorded runs, and how to load one
`on_policy`          experience of the current policy, from many copies at once
`reinforce`          REINFORCE, with or without a learned baseline
`actor_critic`       A2C: a policy and a critic that bootstraps
`adapted_bigram`     a language model of 27 completions, known exactly
`token_ppo`          PPO on that model, with its parts on switches
`ppo_parts`          recorded runs of it, seed by seed
`stage_orders`       imitate, compare, climb: the stages of RLHF in any order
`defences`           what is done against reward hacking, measured
`lineage`            one trainer with six switches, from REINFORCE to PPO
`lineage_runs`       its recorded runs
`sample_counts`      how many samples our recorded runs took
`advantage_batches`  a record as a flat batch with advantages, and how an update went
`batch_runs`         the loop that PPO and TRPO share
`ppo`                several epochs on each batch, with a clip
`trpo`               one step per batch, bounded in KL
`sft`                a language model that imitates demonstrations
`rlhf`               PPO and RLOO on a score, at a price of KL to the reference
`replies`            all that a model can say at the help desk, exactly
`carry_model`        the language model that adds as pupils do
`carry_accuracy`     how often a model adds right, exactly
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
