"""All formulas of the chapters."""

from functools import cache

from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.site.formulas import mathml
from rlnotes.site.notebook_formulas import Formula, in_notebook


@cache
def book() -> dict[Formula, str]:
    """Each distinct formula with its MathML, in order of appearance."""
    formulas = [formula for path in notebooks_of(ROOT) for formula in in_notebook(path)]
    return {one: mathml(one.tex, display=one.display) for one in dict.fromkeys(formulas)}
