"""What the checker of targets of several steps says to each known mistake."""

HINTS = {
    "gamma for gamma^k": "the value behind the window has the weight gamma. It lies k steps ahead: "
    "gamma^k.",
    "value not discounted": "the value behind the window is not discounted. It lies k steps ahead: "
    "gamma^k.",
    "gamma^n in short windows": "the value has the weight gamma^n in every window. A window that "
    "an end cuts to k rewards has gamma^k.",
    "gamma^n at the record's end": "where the record stops a window of k rewards, the value has "
    "the weight gamma^n. It lies k steps ahead: gamma^k.",
    "gamma^(k-1)": "the value has the discount of the last reward, gamma^(k-1). It comes one step "
    "later: gamma^k.",
    "gamma^(k+1)": "the value is discounted once too often. The value of s_{t+1} has gamma, so "
    "the one behind k rewards has gamma^k.",
    "over all ends": "the window runs on into the next episode. It stops with the first step that "
    "terminated or was truncated.",
    "over all ends, no mask": "neither flag is used. A window stops at both, and behind "
    "terminated there is no value.",
    "over truncations": "the window runs over a truncation. The next row belongs to another "
    "episode: stop there, and take the value behind that step.",
    "over terminations": "the window runs over a termination into the next episode. It stops "
    "there, too.",
    "last flag": "where two steps within n have a flag, the last of them stops your window. The "
    "first one does.",
    "terminations first": "you look for a termination first, and for a truncation only where there "
    "is none. The first step with either flag stops the window.",
    "truncations first": "you look for a truncation first, and for a termination only where there "
    "is none. The first step with either flag stops the window.",
    "flags from the second step": "the flags of step t itself are not asked. A flagged step is a "
    "window of one reward.",
    "truncations on the way": "a value is added at a truncation, and then the window goes on. Stop "
    "there.",
    "flags of the first step": "only the flags of step t are looked at. The end may come at any "
    "step of the window.",
    "flags of the first step, masked": "whether the window stops is asked of step t alone. Ask "
    "each of its steps: the end may come at any of them.",
    "mask of all n steps": "the value is left out where any of the n steps terminated, also one "
    "behind a truncation. What counts is the last step of the window.",
    "mask of the first step": "the value is left out where step t terminated. What counts is the "
    "last step of its window.",
    "bootstraps after termination": "a value is added behind a step that terminated. Nothing "
    "follows there.",
    "truncation as termination": "the value behind a truncation is missing. The limit stopped the "
    "episode, the task goes on: bootstrap from next_values of that step.",
    "nothing after the record": "at the end of the record the value is missing. It is no end of "
    "the task: bootstrap from the last next_values, unless terminated.",
    "value behind full windows alone": "windows shorter than n get no value. They get it, too, "
    "with gamma^k, unless their last step terminated.",
    "value at truncations alone": "a value is added only where a step was truncated. Where n "
    "rewards or the record stop the window, it counts, too.",
    "rewards alone": "these are sums of rewards. Behind each window that did not terminate stands "
    "a value.",
    "flags swapped": "the two flags are exchanged: terminated removes the value, truncated keeps "
    "it.",
    "truncation wins": "where both flags are True the task has ended: no value.",
    "flags of the next row": "you read the flags of row t + 1. Here terminated[t] says what the "
    "action of step t led to.",
    "one reward too many": "the windows hold n + 1 rewards: n of them, from t to t + n - 1.",
    "one reward too few": "the windows hold n - 1 rewards: n of them, from t to t + n - 1.",
    "n is 3": "n is 3 whatever the argument says. Use n.",
    "n is 5": "there is a fixed number, such as 5, in the place of n. Use the argument.",
    "stopped before the end": "the loop stops before it adds the reward of the flagged step. Add "
    "it first, then look at the flags.",
    "last reward left out": "the last reward of each window is missing: from t to t + n - 1, that "
    "one included.",
    "reward of the end left out": "the reward of the step that ends the episode is missing. Add "
    "it first, then look at the flags.",
    "reward of the first step alone": "the rewards between are missing. Add all of the window, "
    "each with its gamma^i.",
    "one step": "this is r + gamma * V(s'), the target of n = 1.",
    "whole episodes": "the windows are longer than n. Does the sum run to the end of the episode, "
    "or is there a fixed number in the place of n?",
    "unfinished windows left out": "the last steps of the record get no target where no end stops "
    "their windows. The record stops them: one number per step is wanted.",
    "full windows only": "the last steps of the record get no target. Their windows are shorter; "
    "one number per step is wanted.",
    "zero where the record ends": "the last n - 1 steps of the record get 0. Their windows are "
    "shorter, with the value behind the last row.",
    "one step where the window is short": "where an end cuts the window you take one step alone. "
    "Add the rewards up to that end.",
    "blocks": "the record is cut into blocks of n steps. Each step has its own window, which "
    "starts with it.",
    "wrapped": "behind the last row you go on with the first one. The record ends there: bootstrap "
    "from its last next_values.",
    "not discounted": "gamma is not used: a reward i steps ahead has gamma^i, the value gamma^k.",
    "rewards not discounted": "the rewards are not discounted: one i steps ahead has gamma^i.",
    "first reward discounted": "the rewards are discounted once too often. The first has the "
    "weight gamma^0 = 1.",
    "gamma for every later reward": "every later reward has the weight gamma. One i steps ahead "
    "has gamma^i.",
    "discounted from the start": "the rewards are discounted from the beginning of the record. "
    "Count from step t.",
    "discount not reset": "the running discount is not set to 1 again at the start of each window.",
    "weights turned round": "the largest weight is on the last reward. The first has gamma^0 = 1, "
    "and one i steps ahead gamma^i.",
    "value of the first step": "the value is that of s_{t+1}, at the window's start. Take the "
    "next_values of its last step.",
    "value of the next row": "you took the next_values of the row behind the window. next_values "
    "of its last step is already the value behind it.",
    "value of the row before": "you took the next_values of one row too early. next_values of the "
    "window's last step is the value behind it.",
    "value of the last row": "every window gets the value behind the record. Take the next_values "
    "of the window's own last step.",
    "value of the uncut window": "the value is that behind n steps, also where an end cuts the "
    "window. Take the next_values of its last step.",
    "value at each step": "a value is added at every step of the window. There is one, behind the "
    "last.",
    "mean of the rewards": "the rewards are averaged. A target holds their discounted sum.",
}
