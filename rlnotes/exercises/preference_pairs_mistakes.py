"""Pairs for DPO from scored answers, and the mistakes that people make in them."""

from collections.abc import Callable


def best_against_worst(answers, rewards):
    """One pair for each document: the first best answer and the first worst one."""
    pairs = []
    for document, scores in enumerate(rewards):
        pair = pair_of(answers[document], scores)
        if pair:
            pairs.append((document, *pair))
    return pairs


def pair_of(answers, scores):
    """(chosen, rejected) of one document, or None."""
    scored = [place for place, score in enumerate(scores) if score is not None]
    if not scored:
        return None
    chosen = max(scored, key=scores.__getitem__)
    rejected = min(scored, key=scores.__getitem__)
    # A tie has one place for both, and is written alike.
    return (chosen, rejected) if answers[chosen] != answers[rejected] else None


def picked(pick: Callable) -> Callable:
    """A wrong answer: another pair of the answers and scores of one document."""

    def wrong(answers, rewards):
        pairs = [pick(*both) for both in zip(answers, rewards, strict=True)]
        return [(document, *pair) for document, pair in enumerate(pairs) if pair]

    return wrong


def results(change: Callable) -> Callable:
    """A wrong answer: the right pairs, changed; of the pairs and the rewards."""
    return lambda answers, rewards: change(best_against_worst(answers, rewards), rewards)


def rescored(change: Callable) -> Callable:
    """A wrong answer: the right pair of other scores."""
    return picked(lambda answers, scores: pair_of(answers, [change(score) for score in scores]))


def unless(alike: Callable) -> Callable:
    """A wrong answer: another rule for a best and a worst answer that are no pair."""

    def pick(answers, scores):
        scored = scored_places(scores)
        if not scored:
            return None
        best, worst = max(scored, key=scores.__getitem__), min(scored, key=scores.__getitem__)
        return None if alike(answers, scores, best, worst) else (best, worst)

    return picked(pick)


def scored_places(scores):
    """The places of what has a score, in their order."""
    return [place for place, score in enumerate(scores) if score is not None]


def _ranked(scores):
    """Places with a score, the best first; the first of equals first."""
    return sorted(scored_places(scores), key=lambda place: -scores[place])


def _from_ranks(take: Callable) -> Callable:
    """A wrong answer: places taken out of the ranking, where they differ."""

    def pick(answers, scores):
        ranked = _ranked(scores)
        if len(ranked) < 2:
            return None
        chosen, rejected = take(ranked, scores)
        return (chosen, rejected) if differ(answers, scores, chosen, rejected) else None

    return picked(pick)


def differ(answers, scores, chosen, rejected):
    """Whether two answers differ, and their rewards, too."""
    return scores[chosen] != scores[rejected] and answers[chosen] != answers[rejected]


def _last_best(scores):
    return max(scored_places(scores), key=lambda place: (scores[place], place))


def _last_worst(scores):
    return min(scored_places(scores), key=lambda place: (scores[place], -place))


def _first_worst(scores):
    return min(scored_places(scores), key=scores.__getitem__)


def _next_lower(ranked, scores):
    lower = [place for place in ranked if scores[place] < scores[ranked[0]]]
    return ranked[0], (lower or ranked)[0]


def _first_two(ranked, scores):
    return tuple(place for place in ranked if place in sorted(ranked)[:2])


def _tie_by_ranks(answers, scores):
    ranked = _ranked(scores)
    if len(ranked) < 2 or answers[ranked[0]] == answers[ranked[-1]]:
        return None
    worst = _first_worst(scores)
    return (ranked[0], worst) if worst != ranked[0] else (ranked[0], ranked[-1])


def _next_that_differs(answers, scores):
    if not (ranked := _ranked(scores)):
        return None
    best = ranked[0]
    others = [place for place in ranked if differ(answers, scores, best, place)]
    return (best, min(others, key=lambda place: (scores[place], place))) if others else None


def _twins_out(answers, scores):
    """Of answers written alike only the first is looked at."""
    kept = list(scores)
    for place, answer in enumerate(answers):
        if answer in answers[:place]:
            kept[place] = None
    return pair_of(answers, kept)


def _unless_any_twins(answers, scores):
    scored = [answers[place] for place in scored_places(scores)]
    twins = any(answer in scored[:place] for place, answer in enumerate(scored))
    return None if twins else pair_of(answers, scores)


def _unless_shared(answers, scores):
    given = [score for score in scores if score is not None]
    if given and given.count(max(given)) == given.count(min(given)) == 1:
        return pair_of(answers, scores)
    return None


def _around_the_mean(answers, scores):
    given = [score for score in scores if score is not None]
    above = [place for place in scored_places(scores) if scores[place] > sum(given) / len(given)]
    below = [place for place in scored_places(scores) if scores[place] < sum(given) / len(given)]
    if not above or not below or answers[above[0]] == answers[below[0]]:
        return None
    return above[0], below[0]


def _among_the_scored(answers, scores):
    scored = scored_places(scores)
    return pair_of([answers[place] for place in scored], [scores[place] for place in scored])


def _places_by_rank(answers, scores, best_first=True):
    if not pair_of(answers, scores):
        return None
    last = len(scored_places(scores)) - 1
    return (0, last) if best_first else (last, 0)


def _complete_only(answers, scores):
    return None if None in scores else pair_of(answers, scores)


def _good_only(answers, scores):
    pair = pair_of(answers, scores)
    return pair if pair and scores[pair[0]] > 0 else None


def _extremes_of_batch(rewards):
    """(document, place) of the best and of the worst answer of all documents."""
    scores = {
        (document, place): row[place]
        for document, row in enumerate(rewards)
        for place in scored_places(row)
    }
    return max(scores, key=scores.__getitem__), min(scores, key=scores.__getitem__)


def _one_pair_of_batch(answers, rewards):
    (document, chosen), (_, rejected) = _extremes_of_batch(rewards)
    return [(document, chosen, rejected)]


def _places_of_batch(pairs, rewards):
    (_, chosen), (_, rejected) = _extremes_of_batch(rewards)
    return [(document, chosen, rejected) for document, _, _ in pairs]


def _worst_of_batch(pairs, rewards):
    _, (_, rejected) = _extremes_of_batch(rewards)
    return [(document, chosen, rejected) for document, chosen, _ in pairs]


def every_pair(answers, rewards):
    """All pairs of unequal rewards, the better answer first."""
    pairs = []
    for document, scores in enumerate(rewards):
        scored = scored_places(scores)
        pairs += [
            (document, better, worse)
            for better in scored
            for worse in scored
            if scores[better] > scores[worse] and differ(answers[document], scores, better, worse)
        ]
    return pairs


def _best_against_every_other(answers, rewards):
    best = {d: _ranked(scores)[0] for d, scores in enumerate(rewards) if scored_places(scores)}
    return [pair for pair in every_pair(answers, rewards) if pair[1] == best[pair[0]]]


def _by_gap(pairs, rewards):
    def gap(pair):
        document, chosen, rejected = pair
        return rewards[document][chosen] - rewards[document][rejected]

    return sorted(pairs, key=gap, reverse=True)


def _total(answer):
    return answer.get("total")


def _with_number(score, change):
    return None if score is None else change(score)


MISTAKES = {
    "swapped": results(lambda pairs, rewards: [(d, rejected, c) for d, c, rejected in pairs]),
    "nothing left out": unless(lambda answers, scores, best, worst: False),
    "ties kept": unless(lambda a, s, best, worst: best != worst and a[best] == a[worst]),
    "ties by sorting": picked(_tie_by_ranks),
    "alike kept": unless(lambda answers, scores, best, worst: best == worst),
    "alike as text": unless(lambda a, s, best, worst: str(a[best]) == str(a[worst])),
    "alike in the total": unless(lambda a, s, best, worst: _total(a[best]) == _total(a[worst])),
    "next that differs": picked(_next_that_differs),
    "twins taken out": picked(_twins_out),
    "no twins allowed": picked(_unless_any_twins),
    "small gaps as ties": unless(
        lambda a, s, best, worst: a[best] == a[worst] or round(s[best] - s[worst], 2) == 0
    ),
    "one pair of the batch": _one_pair_of_batch,
    "places of the batch": results(_places_of_batch),
    "worst of the batch": results(_worst_of_batch),
    "none as zero": rescored(lambda score: 0.0 if score is None else score),
    "none as the worst": rescored(lambda score: -1e9 if score is None else score),
    "none as the best": rescored(lambda score: 1e9 if score is None else score),
    "complete documents only": picked(_complete_only),
    "places among the scored": picked(_among_the_scored),
    "zero as none": rescored(lambda score: score or None),
    "last of equals": _from_ranks(lambda ranked, s: (_last_best(s), _last_worst(s))),
    "last of the best": _from_ranks(lambda ranked, s: (_last_best(s), _first_worst(s))),
    "last of the worst": _from_ranks(lambda ranked, s: (ranked[0], _last_worst(s))),
    "shared extremes left out": picked(_unless_shared),
    "second best": _from_ranks(lambda ranked, scores: ranked[:2]),
    "next lower reward": _from_ranks(_next_lower),
    "second worst": _from_ranks(lambda ranked, scores: (ranked[-2], _last_worst(scores))),
    "first two": _from_ranks(_first_two),
    "around the mean": picked(_around_the_mean),
    "best against every other": _best_against_every_other,
    "every pair": every_pair,
    "ranks": picked(_places_by_rank),
    "ranks from below": picked(lambda a, s: _places_by_rank(a, s, best_first=False)),
    "absolute reward": rescored(lambda score: _with_number(score, abs)),
    "cut at zero": rescored(lambda score: _with_number(score, lambda s: max(s, 0.0))),
    "right or wrong": rescored(lambda score: _with_number(score, lambda s: s > 0.5)),
    "good ones only": picked(_good_only),
    "rewards": results(lambda pairs, r: [(d, r[d][c], r[d][w]) for d, c, w in pairs]),
    "pairs counted": results(lambda pairs, r: [(n, *p[1:]) for n, p in enumerate(pairs)]),
    "from one": results(lambda pairs, rewards: [(d, c + 1, w + 1) for d, c, w in pairs]),
    "document last": results(lambda pairs, rewards: [(c, w, d) for d, c, w in pairs]),
    "no document": results(lambda pairs, rewards: [pair[1:] for pair in pairs]),
    "largest gap first": results(_by_gap),
    "first pair": results(lambda pairs, rewards: pairs[:1]),
}
