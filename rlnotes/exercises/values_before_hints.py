"""What the checker of the values before each token says to each mistake."""

_FIRST = "The state before the first completion token is at position prompt_length - 1."

HINTS = {
    "no shift": "each value is that of the state behind its token, which knows it already. The "
    f"shift by one is missing. {_FIRST}",
    "shift the other way": f"the shift goes the wrong way: plus one instead of minus one. {_FIRST}",
    "shift by two": f"the shift is by two. {_FIRST}",
    "rolled": "the values are shifted inside the completion, and the first token gets one from "
    f"its end. It needs a value of the prompt. {_FIRST}",
    "shifted inside": "the values are shifted inside the completion, and the first token gets 0, "
    f"or is token 0 skipped? It needs a value of the prompt. {_FIRST}",
    "masked, then rolled": "the tokens' own values are masked, and then rolled: around the end of "
    f"the row, and into the padding. Shift first, and mask afterwards. {_FIRST}",
    "shifted left": "each token has the value of the next state, and the last one 0: a shift to "
    f"the left, too. {_FIRST}",
    "rolled left": "each token has the value of the next state, and the end of the row that of "
    f"the first: a roll to the left, too. {_FIRST}",
    "mean of before and after": "this is the mean of the values before and after each token. The "
    "value after knows the token already: take the one before.",
    "shifted back inside": "the values are cut out behind the prompt, and then shifted to the "
    f"left. The shift goes to the right, across the cut. {_FIRST}",
    "shifted twice": "the values begin where they should, and are shifted once more: the first "
    "token gets 0. One shift is enough.",
    "columns from the left": "the values are read from the first position on. The completion "
    f"begins behind the prompt. {_FIRST}",
    "columns from the left, one too late": "the values are read from the second position on. The "
    f"completion begins behind the prompt. {_FIRST}",
    "last columns": "the last columns are read, as if the prompts were padded on the left. Here "
    f"the padding is on the right, and each row begins elsewhere. {_FIRST}",
    "last columns, no shift": "the last columns are read, without a shift, as if the prompts were "
    f"padded on the left. Here each row begins elsewhere. {_FIRST}",
    "first prompt for all": "the first row's prompt length is taken for all. Each row has its own.",
    "last prompt for all": "the last row's prompt length is taken for all. Each row has its own.",
    "longest prompt for all": "the longest prompt is taken for all. Each row has its own length.",
    "shortest prompt for all": "the shortest prompt is taken for all. Each row has its own length.",
    "longest prompt for all, no shift": "the longest prompt is taken for all, and the shift by one "
    f"is missing. {_FIRST}",
    "mask forgotten": "the padding holds values. Where the mask is False, 0 belongs.",
    "mask forgotten, no shift": "the shift by one is missing, and the padding holds values. "
    f"{_FIRST}",
    "mask of the first row": "the first row's mask is taken for all. Each row has its own.",
    "mask one too long": "each row has one value too many, in its padding: that of its last state. "
    "As many as the mask has tokens.",
    "last state, too": "the value of the last state is there, too: one column too many. "
    "There is a value before each token, and none behind the last.",
    "all rows by all columns": "each row is read at the columns of all rows. Pair them: "
    "`np.take_along_axis`, or `np.arange(B)[:, None]` as the first index.",
    "all rows by all columns, masked": "each row is read at the columns of all rows, and masked. "
    "Pair them: `np.take_along_axis`, or `np.arange(B)[:, None]` as the first index.",
    "first row alone": "only the first row has values. Does the return stand inside the loop?",
    "array of bool": "the answer holds True and False: is the array made like the mask, as by "
    "`np.zeros_like(completion_mask)`? Make one of float.",
    "mask turned round": "the mask is turned round: True marks the tokens to keep.",
    "padding nan": "the padding holds nan. Fill it with 0.",
    "bias in the padding": "the padding holds the bias. Add it first, and set the padding to 0 "
    "afterwards.",
    "last token left out": "the last token of each completion has no value. The mask is that of "
    "the tokens: it is not shifted.",
    "all positions": "these are the values of all positions. Take those before the completion's "
    "tokens; column j belongs to token j of the completion.",
    "all positions, shifted": "these are all positions, shifted. Take those of the completion's "
    "tokens; column j belongs to token j of the completion.",
    "all but the last position": "these are all positions but the last. Take those before the "
    "completion's tokens, from prompt_length - 1 on in each row.",
    "at the token's position in the row": "the values are right, but stand at the positions of the "
    "whole row. Column j belongs to token j of the completion.",
    "at the state's position in the row": "the values are right, but stand at the positions of "
    "their states in the row. Column j belongs to token j of the completion.",
    "no shift, in the row": "the values stand at the positions of the whole row, and the shift by "
    f"one is missing. {_FIRST}",
    "last hidden state for all": "every token gets the value of the last hidden state. That is how "
    "a reward model scores; a critic needs a value for each token.",
    "one score per row": "this is one number for each row, from its last token, as of a reward "
    "model. A critic needs a value for each token.",
    "last column for all": "every token gets the value of the last column, which is padding in "
    "most rows. A critic needs a value for each token.",
    "value of the prompt for all": "every token gets the value of the prompt. The state changes "
    "with each token.",
    "value before the last token for all": "every token gets the value before the last one. Each "
    "has its own: take a piece of the row, not one place.",
    "last of the row": "the completion is taken from the end of its row. The padding stands "
    f"there. {_FIRST}",
    "last of the row, no shift": "the completion is taken from the end of its row, without a "
    f"shift. The padding stands there. {_FIRST}",
    "first row for all": "every row has the values of row 0. Each has its own hidden states.",
    "first token alone": "only the first token has a value. Each token of the completion has one.",
    "first token dropped": "the first token of the completion is dropped. It has a value: that of "
    "the prompt.",
    "padding left out": "the values are right, but in one line. Leave them in their rows, with 0 "
    "in the padding.",
    "mean over the tokens": "this is the mean value. Asked is one for each token.",
    "padding of ones": "the padding holds ones. Fill it with 0.",
    "reversed inside": "each completion's values are reversed. Column j belongs to token j.",
    "running sum": "the values are added up along the row. A hidden state already knows the tokens "
    "up to its own.",
    "first entry alone": "only the first entry of each hidden state is used. The head adds up all.",
    "last entry alone": "only the last entry of each hidden state is used: does the loop "
    "overwrite its sum? The head adds them up.",
    "tanh": "a tanh holds the values between -1 and 1. The head is linear.",
    "relu": "negative values are cut off. The head is linear.",
    "sigmoid": "a sigmoid holds the values between 0 and 1. The head is linear.",
    "no bias": "the bias is missing.",
    "bias subtracted": "the bias is subtracted. Add it.",
    "bias on each entry": "the bias is added to each hidden entry. Add it once, behind the product "
    "with the weights.",
    "bias in each product": "the bias is added once for each entry of the width. Add it once, "
    "behind the sum.",
    "mean over the width": "the products are averaged over the width. A linear layer adds them up.",
    "no weights": "the hidden entries are added up without their weights.",
    "mean without weights": "the hidden entries are averaged. A value head weighs and adds them.",
    "weights reversed": "the weights stand in reversed order.",
    "values added up": "the values are right, and then added up along the row, padding included. "
    "Return them as they are.",
    "running sum, bias once": "the products are added up along the row. A hidden state already "
    "knows the tokens up to its own.",
    "running mean": "the values are averaged over the positions so far. A hidden state already "
    "knows the tokens up to its own.",
    "values reversed": "the values are right, but each row is reversed.",
}
