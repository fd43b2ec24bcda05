"""Companion package of the rlnotes notebooks: small worlds, exact answers, explorers.

Layers, from the bottom up: `functional`, `exact`, `envs`, `training`,
`plotting`, `explorers` and `exercises`. Each imports only from the layers below it.
"""

__version__ = "0.1.0"
