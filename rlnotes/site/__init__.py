"""The chapters as pages: so far their formulas, as MathML with a font of its own.

Needs the extra `site`. A module is loaded when it is asked for:
`site.formulas.mathml(tex, display=True)`.
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
