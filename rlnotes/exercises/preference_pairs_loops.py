"""Pairs for DPO: mistakes in the search, in its loop, and in what counts as equal."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.preference_pairs_mistakes import (
    best_against_worst,
    differ,
    every_pair,
    pair_of,
    picked,
    rescored,
    results,
    scored_places,
    unless,
)


def _agree(keys: Callable) -> Callable:
    """A wrong answer: two answers are compared in some of their keys alone."""

    def alike(answers, scores, best, worst):
        one, other = answers[best], answers[worst]
        return all(one.get(key) == other.get(key) for key in keys(one, other))

    return unless(alike)


def _same_values(answers, scores, best, worst):
    return sorted(answers[best].values()) == sorted(answers[worst].values())


def _starting_at(lowest: float, highest: float) -> Callable:
    """A wrong answer: the search starts at place 0, with rewards that nobody gave."""

    def pick(answers, scores):
        chosen = rejected = 0
        best, worst = lowest, highest
        for place in scored_places(scores):
            if scores[place] > best:
                best, chosen = scores[place], place
            if scores[place] < worst:
                worst, rejected = scores[place], place
        return (chosen, rejected) if answers[chosen] != answers[rejected] else None

    return picked(pick)


def _if_elif(answers, scores):
    chosen = rejected = None
    for place in scored_places(scores):
        if chosen is None or scores[place] > scores[chosen]:
            chosen = place
        elif rejected is None or scores[place] < scores[rejected]:
            rejected = place
    if rejected is None or not differ(answers, scores, chosen, rejected):
        return None
    return chosen, rejected


def _up_to_the_first_without(answers, rewards):
    pairs = []
    for document, both in enumerate(zip(answers, rewards, strict=True)):
        if not (pair := pair_of(*both)):
            break
        pairs.append((document, *pair))
    return pairs


def _next_best_that_differs(answers, scores):
    if not (scored := scored_places(scores)):
        return None
    worst = min(scored, key=scores.__getitem__)
    others = [place for place in scored if differ(answers, scores, place, worst)]
    return (max(others, key=scores.__getitem__), worst) if others else None


def _places_of_texts(answers, scores):
    pair = pair_of(answers, scores)
    return pair and tuple(answers.index(answers[place]) for place in pair)


def _mean_of_twins(answers, scores):
    means: list[float | None] = [None] * len(scores)
    for place in scored_places(scores):
        twins = [k for k in scored_places(scores) if answers[k] == answers[place]]
        if twins[0] == place:
            means[place] = float(np.mean([scores[k] for k in twins]))
    return pair_of(answers, means)


def _every_extreme(answers, rewards):
    def ends(scores):
        return [end(scores[place] for place in scored_places(scores)) for end in (max, min)]

    return [
        (document, best, worst)
        for document, best, worst in every_pair(answers, rewards)
        if [rewards[document][best], rewards[document][worst]] == ends(rewards[document])
    ]


def _scored_documents_only(answers, rewards):
    kept = [document for document, scores in enumerate(rewards) if len(scored_places(scores)) > 1]
    return best_against_worst([answers[d] for d in kept], [rewards[d] for d in kept])


SEARCH_MISTAKES = {
    "alike in the values": unless(_same_values),
    "alike in shared keys": _agree(lambda one, other: one.keys() & other.keys()),
    "alike in the keys of chosen": _agree(lambda one, other: one.keys()),
    "alike in the keys of rejected": _agree(lambda one, other: other.keys()),
    "search from 0": _starting_at(0.0, 1.0),
    "search from -1": _starting_at(-1.0, 1.0),
    "if and elif": picked(_if_elif),
    "break": _up_to_the_first_without,
    "next best that differs": picked(_next_best_that_differs),
    "place of the text": picked(_places_of_texts),
    "mean of twins": picked(_mean_of_twins),
    "every best and worst": _every_extreme,
    "negatives left out": rescored(lambda score: None if score is None or score < 0 else score),
    "scored documents counted": _scored_documents_only,
    "all from one": results(lambda pairs, rewards: [tuple(n + 1 for n in p) for p in pairs]),
    "document from one": results(lambda pairs, rewards: [(p[0] + 1, *p[1:]) for p in pairs]),
}
