"""Small worlds: exact tables, and Gymnasium environments that sample from them.

`maze`              mazes from a text picture, first of all the 2x3 maze
`textbook`          the two grids of Sutton & Barto and a two-state cycle
`shelter`           hide and seek with a hole in its physics, or without
`small_tasks`       coins and corridors that show one thing about policy gradients
`token_tree`        a tiny language model's task, token by token or all at once
`table_env`         a Gymnasium environment over any finite MDP
`vec_table_env`     many copies of a finite MDP, stepped together
`rollouts`          many episodes at once, straight from the tables
`cartpole`          many copies of CartPole-v1, stepped together
`gymnasium_adapter` the tables of Gymnasium's own small environments
`gymnasium_copies`  Gymnasium's vector environments, with the interface of our copies
`pictures`          the check of worlds drawn as text
`numbering`         spaces that do not start at 0, counted from 0
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
