"""What the checker of the loop of Q-learning says to each known mistake."""

HINTS = {
    "no mask": "the value behind an end is counted. Where terminated is True the target is the "
    "reward alone.",
    "mask at truncations, too": "the value behind a truncation is left out. The limit stopped the "
    "episode, the task goes on: only terminated removes the value.",
    "flags swapped": "the two flags are exchanged in the target: terminated removes the value, "
    "truncated keeps it.",
    "truncation wins": "a step may have both flags. Then it terminated: the target is the reward "
    "alone.",
    "mask inverted": "the value is counted at the end, and nowhere else: the condition is the "
    "wrong way round.",
    "reward of the end left out": "a step that terminates has the target 0 here. Its reward "
    "counts.",
    "end not learned": "a step that terminates changes nothing. Update first, then reset.",
    "truncation not learned": "a step that is truncated changes nothing. Update first, then reset.",
    "no reset": "env.reset is called once. Call it after every step that terminated or was "
    "truncated.",
    "no reset at terminations": "after a termination the loop goes on from the terminal state. "
    "Call env.reset there, too.",
    "no reset at truncations": "after a truncation the loop goes on without a reset. Call "
    "env.reset there, too.",
    "reset at every step": "env.reset is called after every step. Only an end and a truncation ask "
    "for it.",
    "reset in vain": "env.reset is called, but its state is not used: the loop goes on with the "
    "state before it. reset returns (state, info).",
    "start called 0": "an episode is taken to start in state 0. Use the state that env.reset "
    "returns.",
    "later starts called 0": "after a reset the state is called 0, whatever env.reset says. Use "
    "the state that it returns.",
    "first start for all": "each episode is taken to start where the first one did. Use the state "
    "that this env.reset returns.",
    "no reset at both flags": "a step with both flags is not followed by a reset. ^ is `either, "
    "not both`: write or.",
    "state kept at truncations": "after a truncation env.reset is called, but the loop goes on "
    "with the state before it. Use the state that it returns.",
    "start called 0, no reset": "at an end the state is set to 0, but the world is elsewhere. Call "
    "env.reset, and use the state that it returns.",
    "state not moved on": "the state stays the same within an episode. End each step with state = "
    "next_state.",
    "moved before the update": "the entry of the next state is changed. Update q[state, action] "
    "first, then move on.",
    "reset before the update": "the loop moves on, and resets, before the update: the entry of "
    "another state is changed. Update first.",
    "reset before the update, at ends": "where an episode ends, the reset comes before the "
    "update: the entry of the new start is changed. Update first.",
    "target after the reset": "at a truncation the target reads the row of the new episode's "
    "start. Compute it from next_state, before the reset.",
    "target after the reset, at ends, too": "at both kinds of ends the target reads the row of "
    "the new episode's start. Compute it before the reset; behind a termination nothing follows.",
    "ends emptied": "the row of an end is set to 0 after the first visit. The first target there "
    "has already counted it: use terminated.",
    "no gamma at truncations": "behind a truncation the value is not discounted. It lies one step "
    "ahead, as always: gamma.",
    "old row at truncations": "behind a truncation you take the row of the old state. Take that of "
    "next_state, as always.",
    "row 0 at truncations": "behind a truncation you take the row of state 0. Take that of "
    "next_state, as always.",
    "end told by the reward": "whether an episode ended is told from the reward. It may be 0 or "
    "less at an end: use terminated.",
    "maximum over s": "the maximum is over the row of the old state. Take that of the next one.",
    "SARSA": "the value of the action that comes next is taken: that is SARSA. Q-learning takes "
    "the largest of the row, whatever is done.",
    "same action": "the next value is that of the same action. Take the largest of the row.",
    "SARSA, same step": "the value of what choose says of the next row is taken. Q-learning takes "
    "the largest, whatever is done.",
    "sum of the row": "the next row is added up. Take the largest of it.",
    "first of the row": "the next value is that of action 0. Take the largest of the row.",
    "last of the row": "the next value is that of the last action. Take the largest of the row.",
    "two of the row": "the largest of the first two is taken. There may be more actions.",
    "mean": "the mean of the next row is taken. Take the largest.",
    "minimum": "the smallest of the next row is taken. Take the largest.",
    "maximum from 0": "the largest of the row is sought from 0 on. All values may be below 0.",
    "largest size": "the largest size of the row is taken. -4 is less than -1.",
    "index of the best": "argmax is the place of the best action. Take its value: max.",
    "largest of the table": "the maximum is over the whole table. Take that of the next state's "
    "row.",
    "first table": "the targets read the first table. They read the present one.",
    "reward alone": "every target is the reward alone. Behind a step that did not terminate add "
    "gamma times the largest next value.",
    "return so far": "the rewards of the episode are added up in the target. It holds the reward "
    "of this step.",
    "not discounted": "the next value is not discounted: multiply it by gamma.",
    "gamma on the reward": "gamma stands before the reward, too. It belongs to what follows.",
    "gamma^step": "the discount grows with the steps of the episode. A target looks one step "
    "ahead: gamma.",
    "alpha ignored": "the entry becomes the target itself. Move only the share alpha of the way.",
    "alpha squared": "alpha is there twice.",
    "alpha of the old": "the shares are exchanged: 1 - alpha of the old value, alpha of the "
    "target.",
    "old value kept": "the old value is missing in the error: q += alpha * (target - q).",
    "old value dropped": "the entry becomes alpha times the target: the share 1 - alpha of the old "
    "value is missing.",
    "change for the entry": "the entry becomes the change. Add it: q += alpha * (target - q).",
    "sign": "the entry moves away from the target.",
    "larger of both": "an entry never falls here. It must, where the target is lower.",
    "alpha over the visits": "alpha is divided by the number of visits. That helps where steps are "
    "random; asked is a constant alpha.",
    "shrunk before the target": "the entry is multiplied by 1 - alpha before the target is made, "
    "which may read it: a step can lead back to its state. Make the target first.",
    "updated twice": "each step is learned twice.",
    "one row for all": "a change in one row shows in all: are they the same list? [[value] * A] * "
    "S holds one row S times.",
    "whole row": "the whole row of the state is changed. Change the entry of the action alone.",
    "row before the move": "choose gets the row of the state before the last move. Give it that of "
    "the present state.",
    "chosen before the update": "the next action is chosen before the update of this step. Choose "
    "it at the beginning of its own step, from the new table.",
    "one action for all": "choose is called once. Call it at every step.",
    "one action per episode": "choose is called once per episode. Call it at every step.",
    "step counted per episode": "the number of the step starts again in each episode. choose wants "
    "the steps since the beginning.",
    "step counted from 1": "the steps are counted from 1. The first one is 0.",
    "episodes for steps": "choose gets the number of the episode. It wants that of the step, over "
    "all episodes.",
    "resets counted": "a reset is counted as a step. Only env.step is one.",
    "steps from 1": "the steps are counted from 1, and there is one too few: range(num_steps) "
    "starts at 0.",
    "step not counted": "choose gets step 0 every time.",
    "greedy": "the best action is taken, whatever choose says. The behaviour is given.",
    "one step more": "there is one step too many.",
    "one step less": "there is one step too few.",
    "one episode": "the loop stops at the end of the first episode. num_steps counts steps over "
    "all episodes.",
    "episodes counted": "num_steps is taken for a number of episodes. It counts steps.",
    "last episode finished": "the last episode is played to its end. Stop after num_steps steps.",
    "starts at zero": "the table starts at 0. Start at initial_value.",
    "ends at zero": "the rows of terminal states are set to 0. Nobody needs them: the mask keeps "
    "them out, and they stay at initial_value.",
    "return in the loop": "the function returns after its first step: the return stands inside "
    "the loop.",
    "values returned": "this is the largest value of each state. Return the table.",
    "policy returned": "this is the best action of each state. Return the table.",
    "change returned": "this is the change of the table. Return the table.",
}
