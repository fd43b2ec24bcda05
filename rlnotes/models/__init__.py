"""Networks. Their weights come from a generator that the caller passes in.

`mlp`           perceptrons, plain and dueling
`flat_weights`  all weights of a network in one vector
`tiny_lm`       a small causal transformer, with a head for words or a number
`layer_shapes`  what goes through a network, layer by layer
`sampling`      replies drawn from a language model, word by word
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
