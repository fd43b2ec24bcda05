"""Drawing on given Axes, in one house style. No pyplot, no global state.

`style`  colours with a meaning, rc settings, `new_figure`
`maze`   a maze with its values, action values and policy
"""
