"""Small worlds: exact tables, and Gymnasium environments that sample from them.

`maze`              mazes from a text picture, first of all the 2x3 maze
`textbook`          the two grids of Sutton & Barto and a two-state cycle
`token_tree`        a tiny language model's task, token by token or all at once
`table_env`         a Gymnasium environment over any finite MDP
`rollouts`          many episodes at once, straight from the tables
`gymnasium_adapter` the tables of Gymnasium's own small environments
"""
