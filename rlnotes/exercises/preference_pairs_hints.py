"""What the checker of pairs for DPO says to each known mistake."""

_SAME_PROMPT = "An answer is compared only with answers to the same document."
_NO_SCORE = "None means that nobody scored the answer: leave it out, and keep the places."

HINTS = {
    "swapped": "chosen and rejected are exchanged: the first is the better one.",
    "nothing left out": "every document with a score gets a pair. There is none where all rewards "
    "are equal, where one answer alone has a score, or where the two answers are written alike.",
    "ties kept": "a document whose rewards are all equal gets a pair of one answer with itself. A "
    "tie says nothing: no pair.",
    "ties by sorting": "a document whose rewards are all equal gets its first answer against its "
    "last. A tie says nothing, however the answers are sorted: no pair.",
    "alike kept": "two answers that are written alike make a pair here. Their rewards differ by "
    "noise alone, and the loss would push one text up and down: no pair.",
    "alike as text": "the order of the keys counts here, as it does in texts and in lists of "
    "values. As dicts two answers are equal in any order: compare the dicts.",
    "alike in the total": "only one field of the two answers is compared. They are written alike "
    "if all of it is equal: compare the dicts.",
    "next that differs": "where best and worst are written alike you take the next worse answer "
    "that differs. Then the rewards of this document are noise: no pair.",
    "twins taken out": "of answers written alike only the first is looked at. All scored answers "
    "take part; compare the two at the end.",
    "no twins allowed": "any two answers that are written alike cost the document its pair. Only "
    "chosen and rejected must differ.",
    "small gaps as ties": "a small gap is taken for a tie. Only equal rewards are one.",
    "one pair of the batch": "the best answer of the whole batch is paired with the worst. "
    f"{_SAME_PROMPT}",
    "places of the batch": "the places are those of the best and the worst answer of the whole "
    "batch. Each document has its own.",
    "worst of the batch": "the rejected place is that of the worst answer of the whole batch. "
    f"{_SAME_PROMPT}",
    "none as zero": f"None is taken as a reward of 0. {_NO_SCORE}",
    "none as the worst": f"None is taken as the lowest reward. {_NO_SCORE}",
    "none as the best": f"None is taken as the highest reward. {_NO_SCORE}",
    "complete documents only": "a document with one answer that nobody scored is left out as a "
    "whole. Two that have a score make a pair.",
    "places among the scored": "the places count the scored answers alone. They must point into "
    "the document's own list, None included.",
    "zero as none": "a reward of 0 is left out: `if score` is false for 0.0. Ask whether it `is "
    "not None`.",
    "last of equals": "of equal rewards the last answer is taken, in either case. Take the first.",
    "last of the best": "of several best answers the last is taken, as at the end of a sorted "
    "list. Take the first.",
    "last of the worst": "of several worst answers the last is taken, as at the end of a sorted "
    "list. Take the first.",
    "shared extremes left out": "a document in which two answers share the best or the worst "
    "reward gets no pair. Take the first of them.",
    "second best": "the best answer is paired with the second in rank. Take the worst: the gap is "
    "largest, and noise turns it round least often.",
    "next lower reward": "the best answer is paired with the next lower reward. Take the lowest.",
    "second worst": "the worst answer is paired with its neighbour in rank. Take the best.",
    "first two": "only the first two scored answers are compared. Look at all of them.",
    "around the mean": "this pairs the first answer above the mean with the first below. Take the "
    "best and the worst.",
    "best against every other": "the best answer is paired with every worse one. Wanted is one "
    "pair for each document: best against worst.",
    "every pair": "this lists every pair of a better and a worse answer. Wanted is one for each "
    "document: best against worst.",
    "ranks": "these are places in the sorted list: the best always has 0. Return where the "
    "answers stand in the list that was given.",
    "ranks from below": "these are places in a list sorted upwards: the worst always has 0. Return "
    "where the answers stand in the list that was given.",
    "absolute reward": "the sizes of the rewards are compared. A reward of -2 is lower than 0.",
    "cut at zero": "rewards below 0 are taken as 0. They differ, too.",
    "right or wrong": "rewards are cut to right or wrong before they are compared. Compare the "
    "numbers themselves.",
    "good ones only": "a pair is kept only if the best reward is above 0. A bad answer may be "
    "better than a worse one.",
    "rewards": "these are the rewards of the two answers. Return their places.",
    "pairs counted": "the first number counts the pairs. It is the document's place, and some "
    "documents have no pair.",
    "from one": "the places are counted from 1. Count from 0.",
    "document last": "the document stands last. Return (document, chosen, rejected).",
    "no document": "the document is missing. Return (document, chosen, rejected).",
    "largest gap first": "the pairs are sorted by their gap. Keep the order of the documents.",
    "first pair": "the function returns after its first pair. Is the return inside the loop?",
    "alike in the values": "only the values of the two answers are compared. A subtotal is no "
    "total, though the amounts be equal: compare the dicts.",
    "alike in shared keys": "only the keys that both answers have are compared. A field that one "
    "of them lacks is a difference: compare the dicts.",
    "alike in the keys of chosen": "only the keys of the chosen answer are compared. A field that "
    "the rejected one has beside them is a difference: compare the dicts.",
    "alike in the keys of rejected": "only the keys of the rejected answer are compared. A field "
    "that the chosen one has beside them is a difference: compare the dicts.",
    "search from 0": "the best so far starts at 0, or the worst at 1. A reward may lie beyond: "
    "start with None, or with minus and plus infinity.",
    "search from -1": "the best so far starts at -1, or the worst at 1. A reward may lie beyond: "
    "start with None, or with minus and plus infinity.",
    "if and elif": "best and worst are sought by `if` and `elif`: an answer that is the best so "
    "far is not asked whether it is the worst. The first is both: use two ifs.",
    "break": "the search ends at the first document without a pair. `continue` goes on with the "
    "next one.",
    "next best that differs": "where best and worst are written alike you take the next best "
    "answer that differs. Then the rewards of this document are noise: no pair.",
    "place of the text": "the place is looked up by the text: `index` finds the first answer that "
    "is written alike. Keep the place that belongs to the reward.",
    "mean of twins": "the rewards of answers written alike are averaged. Each answer keeps its "
    "own; compare the two at the end.",
    "every best and worst": "several best answers, or several worst, make several pairs here. "
    "Wanted is one for each document: the first of each.",
    "negatives left out": "rewards below 0 are left out. They are rewards like others: only None "
    "is left out.",
    "scored documents counted": "the first number counts the documents with two scores or "
    "more. It is the place among all documents.",
    "all from one": "documents and answers are counted from 1. Count both from 0.",
    "document from one": "the documents are counted from 1. Count from 0.",
}
