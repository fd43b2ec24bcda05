"""Oracles: exact answers for small worlds, to stand beside every estimate.

`mdp`  values, variances and visits of a finite MDP
"""
