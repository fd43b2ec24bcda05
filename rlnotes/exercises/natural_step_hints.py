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
    "minus": "the step goes downhill, so that the search finds nothing good. The surrogate is to "
    "grow: no minus before x.",
    "minus, unsearched": "the step goes downhill. The surrogate is to grow: no minus before x.",
    "no root": f"the root is missing from the length. {_LENGTH}",
    "no slope in the root": f"sqrt(2 max_kl) alone ignores how long x is in the KL. {_LENGTH}",
    "x by its length": "x is scaled by its own length |x|, so that the KL has no say. " + _LENGTH,
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
    "gain above the KL": "the gain is compared with the KL. More than 0 is enough; the KL has "
    "its own bound.",
    "twice the bound": "the KL may be twice max_kl here. The bound is max_kl itself.",
    "half the bound": "the KL must be at most half of max_kl here. The bound is max_kl itself.",
    "x asked": "kl and surrogate_gain are asked of x. Ask them of the step, scaled and halved.",
    "KL below": "a KL equal to max_kl is allowed: <=, not <.",
    "gain of zero": "a gain of 0 is not enough: >, not >=.",
    "gain, then KL": "the step is cut until it gains, and then until the KL is small enough; there "
    "it may lose again. Ask both of the same step.",
    "KL, gain asked once": "where the KL is small enough, the gain is asked once, and the search "
    "given up. Go on halving.",
    "gain, KL asked once": "where the surrogate grows, the KL is asked once, and the search given "
    "up. Go on halving.",
    "one chance": "a step that is refused becomes zero at once. Halve it, and ask again.",
    "nine lengths": "the search ends one length too early: the tenth is 1/512 of the step.",
    "eleven lengths": "1/1024 of the step comes back. The tenth length, 1/512, is the last to try; "
    "behind it return zeros.",
    "lengths 1, 1/2, 1/8": "each step is shorter by a power that grows: 1, 1/2, 1/8. Is 1/2**k "
    "applied to a step already cut? Halve it each time.",
    "lengths 1, 1/2, 1/3": "the lengths are 1, 1/2, 1/3. Halve: 1, 1/2, 1/4.",
    "lengths of the root": "the lengths shrink by sqrt(2). Halve the step; to halve max_kl does "
    "less.",
    "lengths of 0.8": "the lengths shrink by 0.8. Halve the step.",
    "lengths of 0.1": "the lengths shrink to a tenth. Halve the step.",
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
