"""What the checker of the natural step with a line search says to each mistake."""

_LENGTH = "The length is sqrt(2 max_kl / (g' F^-1 g))."

_OF_DIRECTIONS = {
    "multiplied by F": "the slope is multiplied by F. Solve F x = g instead.",
    "diagonal of F": "the slope is divided by the diagonal of F alone. The other entries count, "
    "too: solve F x = g.",
    "root of F": "this solves with a root of F (half of the way). Solve F x = g.",
    "damped": "the identity is added to F. Damping is not asked here.",
    "damped a little": "a tenth of the identity is added to F. Damping is not asked here.",
}

HINTS = {
    "plain gradient": "the direction is the slope itself. Solve F x = g first: that is what makes "
    "the step natural.",
    "plain gradient of given length": "the step is the slope, scaled by its own length. Neither F "
    "nor the KL has a say in it: solve F x = g.",
    "plain gradient, natural length": "the length is right for F^-1 g, but the direction is the "
    "slope itself. Return a multiple of x.",
    **_OF_DIRECTIONS,
    **{
        f"{name}, slope in the root": f"{hint} (And g'x is x'Fx only where F x = g.)"
        for name, hint in _OF_DIRECTIONS.items()
    },
    "slope, not scaled": "the direction is the slope itself, and not scaled. Solve F x = g first. "
    + _LENGTH,
    "slope alone": "this is the slope itself. Solve F x = g, scale x to the ellipse, and ask kl "
    "and surrogate_gain.",
    "minus": "no step is accepted: zeros. Does it go downhill, with a minus before x? Or is a "
    "comparison turned round, or the gain compared with something else than 0?",
    "minus, unsearched": "the step goes downhill. The surrogate is to grow: no minus before x.",
    "no root": f"the root is missing from the length. {_LENGTH}",
    "no slope in the root": f"sqrt(2 max_kl) alone ignores how long x is in the KL. {_LENGTH}",
    "x by its length": "x is scaled by its own length |x|, so that the KL has no say. " + _LENGTH,
    "x of length 1": f"x is scaled to length 1, and max_kl has no say. {_LENGTH}",
    "x of length 1, unsearched": "this is x / |x|: max_kl has no say, and neither has the search. "
    + _LENGTH,
    "slope behind the root": "g'x stands behind the root: does a bracket close too early? "
    + _LENGTH,
    "slope by its length": f"g'g stands under the root where g' F^-1 g belongs. {_LENGTH}",
    "g'Fg in the root": f"g'Fg stands under the root where g' F^-1 g belongs. {_LENGTH}",
    "no 2": f"the 2 under the root is missing: the ellipse is d'Fd / 2 = max_kl. {_LENGTH}",
    "2 below": "the whole step is never asked: yours begins at the half. Is it halved too early, "
    f"or is the 2 below the fraction line? {_LENGTH}",
    "4": f"the step is longer than the ellipse allows by sqrt(2). {_LENGTH}",
    "upside down": f"the fraction under the root is upside down. {_LENGTH}",
    "max_kl squared": f"max_kl stands under the root once, and not squared. {_LENGTH}",
    "not scaled": f"x is not scaled to the ellipse. {_LENGTH}",
    "max_kl times x": f"max_kl is a bound on the KL, and no step size. {_LENGTH}",
    "no search": "the whole step is returned, whatever it does. Ask kl and surrogate_gain, and "
    "halve it until both agree.",
    "rescaled to the KL": "the step is rescaled once, as if the KL were a square, and no question "
    "is asked. Halve it, and ask kl and surrogate_gain each time.",
    "KL alone": "the search looks at the KL alone. The surrogate must grow, too: its true "
    "gain, as the linear one always grows.",
    "gain alone": "the search looks at the surrogate alone. The KL must be at most max_kl, too: "
    "the true one, as that of the quadratic model is max_kl by construction.",
    "either": "one of the two conditions is enough here. Both must hold: and, not or. (And going "
    "on while both are broken is stopping when one holds.)",
    "gain as promised": "the gain is compared with that of the linear model. More than 0 is "
    "enough.",
    "half the promise": "the gain is compared with half of what the slope promises. More than 0 is "
    "enough.",
    "a tenth of the promise": "a gain just above 0 is refused: is a tenth of what the slope "
    "promises asked, or a small number? The exercise asks only above 0.",
    "gain above 0.01": "the gain is compared with a number such as 0.01. More than 0 is enough.",
    "gain above the KL": "the gain is compared with the KL. More than 0 is enough; the KL has "
    "its own bound.",
    "twice the bound": "a KL of up to twice max_kl passes here, or kl is asked of another step. "
    "The bound is max_kl itself.",
    "1.5 times the bound": "the KL may be about 1.5 times max_kl here. The bound is max_kl itself.",
    "1.2 times the bound": "the KL may be a little above max_kl here. The bound is max_kl itself.",
    "half the bound": "the KL must be at most half of max_kl here. The bound is max_kl itself.",
    "quadratic KL": "is this the KL of the quadratic model, d'Fd / 2? For the whole step it is "
    "max_kl by construction, but for rounding. Ask kl, the true one.",
    "turned round": "a step that should be refused comes back: is a comparison turned round?",
    "x asked": "are kl and surrogate_gain asked of x? Ask them of the step, scaled and halved.",
    "KL below": "a KL equal to max_kl is allowed: <=, not <.",
    "kl of minus the step": "kl is asked of minus the step. The two differ: ask it of the step.",
    "gain of zero": "a gain of 0 is not enough: >, not >=.",
    "gain, then KL": "the step is cut until it gains, and then until the KL is small enough; there "
    "it may lose again. Ask both of the same step.",
    "KL, then gain": "the step is cut until the KL is small enough, and then until it gains; "
    "there the KL may be too large again. Ask both of the same step.",
    "KL, then gain, ten lengths each": "one loop cuts for the KL, another for the gain: up to 19 "
    "lengths, and the KL may be too large again. One loop of ten asks both of the same step.",
    "KL, gain asked once": "where the KL is small enough, the gain is asked once, and the search "
    "given up. Go on halving.",
    "gain, KL asked once": "where the surrogate grows, the KL is asked once, and the search given "
    "up. Go on halving.",
    "one chance": "a step that is refused becomes zero at once. Halve it, and ask again: of "
    "the halved one, inside the loop.",
    "nine lengths": "the search ends one length too early: the tenth is 1/512 of the step.",
    "eleven lengths": "1/1024 of the step comes back. The tenth length, 1/512, is the last to try; "
    "behind it return zeros.",
    "from twice the step": f"the first step asked is twice as long as the whole one. {_LENGTH}",
    "lengths 1, 1/2, 1/8": "each step is shorter by a power that grows: 1, 1/2, 1/8. Is 1/2**k "
    "applied to a step already cut? Halve it each time.",
    "lengths 1, 1/2, 1/3": "the lengths are 1, 1/2, 1/3. Halve: 1, 1/2, 1/4.",
    "lengths of the root": "the lengths shrink by sqrt(2). Halve the step; to halve max_kl does "
    "less.",
    "lengths 1, 0.9, 0.8": "the lengths are 1, 0.9, 0.8. Halve: 1, 1/2, 1/4.",
    "lengths of 0.9": "the lengths shrink by 0.9. Halve the step.",
    "lengths of 0.8": "the lengths shrink by 0.8, or nearly so. Halve the step.",
    "lengths of 0.25": "the lengths shrink to a quarter. Halve the step.",
    "lengths of 0.1": "the lengths shrink to a tenth. Halve the step.",
    "fraction returned": "the fraction of the step is returned. Return the step itself.",
    "unit length": "the accepted step is scaled to length 1. Return it as it was asked.",
    "whole returned": "shorter steps are asked, but the whole one is returned.",
    "direction returned": "the search is right, but x is returned. Return the step that was "
    "accepted.",
    "halved once more": "the accepted step is halved once more. Return it as it was asked.",
    "largest gain": "the step of the largest gain is returned. Asked is the longest that is "
    "allowed.",
    "shortest": "the shortest allowed step is returned. Stop at the first.",
    "last one tried": "where no step is allowed, the last one tried comes back. Return zeros.",
    "x after all": "where no step is allowed, x comes back. Return zeros.",
    "whole after all": "where no step is allowed, the whole one comes back. Return zeros.",
}
