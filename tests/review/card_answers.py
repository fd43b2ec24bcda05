"""Answers to the cards: two right ones in different words, and a poor one."""

RIGHT = {
    "reward_model_or_value_network": (
        "The reward model gives one score to a finished answer. It was fitted to preferences "
        "beforehand and is frozen now. The critic estimates, for each prefix, what is still to "
        "come; it is trained online with the policy, and serves as a baseline that lowers the "
        "variance. The judge is a separate network; the critic may share the actor's trunk.",
        "A judge learned from human comparisons rates the whole reply and stays fixed during RL. "
        "A value head predicts the return at every token. Since the policy changes, this value "
        "head has to be updated all the time. Subtracting it makes the advantages less noisy. "
        "Often it starts from the reward model's weights, as a copy.",
    ),
    "clip_or_plain_gradient": (
        "We want several epochs on one batch. The plain gradient holds for the first step; then "
        "the samples are off-policy and steps become too large, so training collapses. PPO "
        "zeroes the gradient once the ratio is outside 1 + epsilon for good actions. That is no "
        "guarantee: other samples still push. TRPO enforces a KL limit, at a higher cost.",
        "Rollouts cost much, so data are reused. Without a clip a policy that trusts stale data "
        "runs too far and performance is destroyed. The minimum with the clipped ratios takes "
        "away the incentive beyond the band. It is not a trust region, unlike that of TRPO.",
    ),
    "rlhf_or_sft": (
        "SFT imitates demonstrations by cross-entropy. RLHF samples answers of the model and "
        "raises their reward. So it can exceed its teachers, and the goal may be "
        "non-differentiable. But a proxy can be hacked, hence a KL penalty.",
        "Fine-tuning raises the likelihood of given texts, mistakes of the authors included. "
        "With reinforcement the model writes its own text, which is scored by a learned judge; "
        "only the value of the score is used, no derivative. It starts from the SFT "
        "checkpoint, which is the reference, too.",
    ),
    "dpo_and_ppo": (
        "DPO trains directly on preference pairs with a logistic loss of log-ratios. It follows "
        "from the closed form of the optimal policy, where Z cancels. There is no reward model, "
        "no critic and no sampling. With infinite data both have the same optimum, but with a "
        "fixed set it is offline and overfits. Which is better depends on tuning.",
        "Instead of rating first, one pushes the chosen reply above the other by a sigmoid loss "
        "on comparisons. The policy is an implicit reward. Only two models are held. Given enough "
        "pairs it gets to the same policy as RLHF; few pairs are learned by heart. One paper saw "
        "PPO ahead once it was tuned.",
    ),
    "reward_hacking": (
        "Keep a KL penalty. Use an ensemble and take the lowest score. Collect new labels on what "
        "the policy writes now and retrain the judge. Add rules for known exploits, knowing that "
        "others remain. Use a better reward model where it has a blind spot. And read samples and "
        "monitor the KL.",
        "One stays close to the reference; averages several reward models; asks people again about "
        "fresh answers, that is, iterative relabelling; filters what is forbidden; gives the "
        "judge more data and capacity; and evaluates on held-out prompts, since the logged "
        "score cannot show it.",
    ),
    "why_lora": (
        "Only two thin low-rank matrices are trained, so no gradients and Adam states are needed "
        "for the rest. The base model stays in memory, though. Switching the adapter off gives "
        "the reference. Several adapters can share one base for many tasks. It does not need "
        "fewer samples.",
        "A small part of the weights is updated: fewer trainable parameters, less optimizer "
        "memory, in a setting with four models. The pretrained weights are still loaded. "
        "For the reference one needs no extra copy, just turn LoRA off. You swap one file per "
        "task. It often learns less from the same data, and forgets less.",
    ),
    "three_stages": (
        "Supervised fine-tuning on demonstrations, a reward model on comparisons of its outputs, "
        "then PPO with a KL penalty to the SFT model. Each stage needs what the previous one made. "
        "That is InstructGPT; Anthropic adds AI feedback and a constitution.",
        "Imitation first. Then a judge is learned from pairs that people ranked. Last, "
        "reinforcement learning climbs its score while the price keeps the policy close. The order "
        "matters because the pairs are drawn from the first model. OpenAI described this for "
        "one assistant; other recipes exist.",
    ),
}

WRONG = {
    "reward_model_or_value_network": "They are the same network with two heads, and both of them "
    "give a number between 0 and 1 that says how helpful the answer is.",
    "clip_or_plain_gradient": "The clip is a trust region that makes sure that the new policy is "
    "always near the previous one, which makes training stable.",
    "rlhf_or_sft": "RLHF is just a second round of training on better data that people have "
    "selected, so it gives better answers in the end.",
    "dpo_and_ppo": "DPO is the successor of PPO. It is a faster and more stable algorithm that "
    "everybody uses now for alignment of language models.",
    "reward_hacking": "Train for longer with a smaller learning rate, so that the model has the "
    "time to understand what is really wanted of it.",
    "why_lora": "It makes the model much smaller and it converges much faster, so that one can run "
    "more experiments in an hour.",
    "three_stages": "Pretraining on the internet, then prompt engineering, and then a safety "
    "filter in front of the model that removes bad answers.",
}
