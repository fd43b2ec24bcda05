"""What the checker of value iteration with a guaranteed error says to each mistake."""

_BOUND = "The bound is gamma / (1 - gamma) times the largest change of the last sweep."

HINTS = {
    "no factor": "the change itself is taken for the bound. The sweeps still to come add up: gamma "
    "/ (1 - gamma) times the change, 19 times at gamma 0.95.",
    "no factor, bound computed": "the loop stops when the change is small enough, and the bound "
    "that it returns is larger than max_error. Stop by the bound.",
    "no factor, change returned": "the loop stops where it should, but returns the change. "
    f"{_BOUND}",
    "factor 1 / (1 - gamma)": "1 / (1 - gamma) times the change bounds the error of the table "
    "before the sweep. After it gamma / (1 - gamma) will do, and fewer sweeps.",
    "stops by 1 / (1 - gamma)": "the loop stops by 1 / (1 - gamma) times the change. It may stop "
    "earlier: where gamma / (1 - gamma) times the change is small enough.",
    "factor gamma": f"the factor is gamma alone. {_BOUND}",
    "factor 1 - gamma": f"the change is multiplied by 1 - gamma. {_BOUND}",
    "factor turned round": f"the fraction is upside down. {_BOUND}",
    "factor 2 gamma / (1 - gamma)": "2 gamma / (1 - gamma) bounds what the greedy policy loses. "
    "Asked is the error of the values: half of it.",
    "factor 2 / (1 - gamma)": f"2 / (1 - gamma) times the change is more than is needed. {_BOUND}",
    "brackets left out": "gamma / 1 - gamma is gamma divided by 1, and then less gamma. Put "
    "brackets round 1 - gamma.",
    "brackets left out, change last": "gamma / 1 - gamma * change divides by 1 alone. Put brackets "
    "round 1 - gamma.",
    "factor with gamma squared": f"there is one gamma too many in the factor. {_BOUND}",
    "mean of the changes": "the mean of the changes says nothing about the worst state. Take the "
    "largest.",
    "sum of the changes": "the changes are added up. The largest of them is enough.",
    "root of the squares": "this is the length of the vector of changes. The contraction holds for "
    "the largest change.",
    "signed maximum": "a change below 0 counts as none. Take its size: the maximum of abs.",
    "size of the signed maximum": "abs stands outside the maximum. A large fall is missed: first "
    "abs, then the maximum.",
    "falls alone": "old minus new, without abs: a rise counts as none. Take the size of each "
    "change.",
    "size of the largest fall": "old minus new, and abs outside the maximum: a large rise is "
    "missed. First abs, then the maximum.",
    "sizes compared": "the sizes of the values are compared. From 6 to -1.5 is a change of 7.5: "
    "first the difference, then abs.",
    "squares": "the changes are squared. The bound is of their sizes.",
    "smallest change": "this is the smallest change. Every state must be sure: take the largest.",
    "change of the first state": "only the change of the first state is looked at. Take the "
    "largest of all.",
    "change of the last state": "only the change of the last state is left: keep the maximum "
    "while you go through the states.",
    "change of the sum": "the changes are added up before abs. Rises and falls cancel: first abs, "
    "then the maximum.",
    "change of the largest value": "you compare the largest values before and after. Compare state "
    "by state, and then take the largest change.",
    "span of the changes": "the largest change minus the smallest is their span. Take the largest "
    "size of a change.",
    "relative change": "the error is compared with the size of the values. max_error is an amount "
    "of reward.",
    "relative bound": "the bound is divided by the size of the values. It is an amount of reward, "
    "as max_error is.",
    "bound must be smaller": "a bound equal to max_error is enough: stop at <=, not at <.",
    "one sweep more": "the loop makes one sweep too many: the bound is looked at before it is "
    "renewed. Stop right after the sweep whose bound is small enough.",
    "values after one sweep more": "the values are those of one sweep later than the bound. "
    "Compute the bound from the last change, and stop right after it.",
    "values before the sweep": "the values are those before the last sweep. The bound holds for "
    "those after it.",
    "values before, and their bound": "this table is the one before the last sweep, and 1 / (1 - "
    "gamma) is right for it. The table after the sweep is better, and costs nothing more.",
    "bound of the sweep before": "the bound is that of the sweep before. Compute it from the last "
    "change.",
    "max_error returned": "max_error is returned as the bound. The bound is what was reached, and "
    "mostly smaller.",
    "true error": "this is the true error, which needs the exact values. The bound needs the last "
    "change alone.",
    "number of sweeps": "the second number counts the sweeps. Return the bound.",
    "a priori": "gamma^k / (1 - gamma) times the first change is a true bound, and mostly far too "
    "large. The last change knows more: stop by it.",
    "a priori from the rewards": "gamma^k / (1 - gamma) times the largest reward is a true bound, "
    "and mostly far too large. The last change knows more: stop by it.",
    "bound 0 at first": "zeros come back: there was no sweep. Is the bound small enough before the "
    "first one? Start it at np.inf.",
    "bound 1 at first": "where max_error is 1 or more, zeros come back: there was no sweep. Start "
    "the bound at np.inf.",
    "starts from the rewards": "there are two sweeps at least. Is the first table made of the "
    "rewards, or is the first bound not looked at? Start from zero, and ask after each sweep.",
    "starts from ones": "the first table holds ones. Start from zero.",
    "one sweep": "there is one sweep only. Go on until the bound is small enough: is the return "
    "inside the loop?",
    "until nothing changes": "the sweeps go on until nothing changes. They may stop as soon as the "
    "bound is at most max_error.",
    "infinite at first": "an infinite change before the first sweep is nan at gamma 0, and the "
    "loop never starts. Make the bound infinite, not the change.",
    "one array": "no change is seen. Are the old table and the new one the same array (`old = "
    "values` is no copy)? Or does the table hold integers?",
    "in place": "a sweep reads values that it has just changed. The bound holds then, too, and the "
    "sweeps are often fewer. Asked here is the other kind: read the table of the sweep before.",
    "mean over actions": "the mean over the actions evaluates a random policy. Take the best.",
    "minimum over actions": "this takes the worst action. Take the best.",
    "maximum over states": "the maximum is over the states. Take it over the actions, the last "
    "axis of [S, A].",
    "maxima apart": "the best reward and the best landing are taken apart: they may belong to two "
    "actions. Add them for each action, and then take the best.",
    "best at once": "the action with the largest reward is taken. The best one counts what "
    "follows, too: the maximum is over the sum.",
    "landings turned round": "the probabilities are read from the landing back to the state. "
    "transition_probs[s, a] is the row of the landings.",
    "table of integers": "the values are cut to integers. np.zeros without dtype=int holds floats.",
    "first action": "only the first action is looked at. Take the best.",
    "gamma on the reward": "the reward is discounted, too. gamma belongs to what follows.",
    "best landing": "the best landing is taken as certain. Weigh the landings by their "
    "probabilities.",
    "values only grow": "a value never falls here, and none below 0. Put the new one in the place "
    "of the old, also if it is smaller; and let the best of the actions not start at 0.",
}
