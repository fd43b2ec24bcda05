"""Which settings of an explorer a page without a kernel holds."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import prod

import ipywidgets

from rlnotes._checks import require_option, require_positive_integer
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.controls import every_value, require_possible

NUM_FRAMES = 2700  # as many settings as a page holds of one explorer, if it names none
FEWEST = 4  # values of a slider that moves
WISHED = 1.6  # a control that a task asks to move has so many times as many steps


def page_values(
    explorer: Explorer, *, wanted: Iterable[Mapping] = (), num_frames: int = NUM_FRAMES
) -> dict[str, list]:
    """The values of each control in the page, in the order of the controls.

    The page holds every combination of them. A control with a single value, its
    default, does not move there. What the explorer names in `in_page` is taken as it
    is. Without it as many controls as possible move: first those of `wanted`, seeds
    last. A menu has all its options; the values of a slider are spread over its range.

    Args:
        explorer: whose controls they are.
        wanted: settings that must be among them, each from the default.
        num_frames: limit of the number of combinations.

    Raises:
        ValueError: for an unknown control or a value that it cannot take, or if
            `in_page` or `wanted` alone exceed the limit.
    """
    require_positive_integer(num_frames=num_frames)
    wanted = list(wanted)
    needed = _needed(explorer, wanted)
    if explorer.in_page is not None:
        values = _named(explorer, explorer.in_page, needed)
    else:
        values = _by_size(explorer, needed, num_frames)
    found = prod(map(len, values.values()))
    if found > num_frames:
        counts = ", ".join(f"{name} {len(some)}" for name, some in values.items())
        raise ValueError(
            f"num_frames of {type(explorer).__name__} must be at most {num_frames},"
            f" got {found} ({counts})"
        )
    return values


def _needed(explorer: Explorer, wanted: list[Mapping]) -> dict[str, list]:
    """Of each control the default and what is wanted."""
    needed = {name: [value] for name, value in explorer.defaults.items()}
    for name, value in (item for setting in wanted for item in setting.items()):
        require_option(explorer.controls, control=name)
        require_possible(name, value, explorer.controls[name])
        if value not in needed[name]:
            needed[name].append(value)
    return needed


def _named(explorer: Explorer, named: Mapping[str, Iterable], needed: dict) -> dict[str, list]:
    for name in named:
        require_option(explorer.controls, control=name)
    values, owner = {}, type(explorer).__name__
    for name, control in explorer.controls.items():
        values[name] = list(named.get(name, [explorer.defaults[name]]))
        for value in values[name]:
            require_possible(name, value, control)
        for value in needed[name]:
            require_option(values[name], **{f"{name} in the page of {owner}": value})
    return values


def _by_size(explorer: Explorer, needed: dict[str, list], num_frames: int) -> dict[str, list]:
    every = {name: every_value(control) for name, control in explorer.controls.items()}
    asked = {name for name, values in needed.items() if len(values) > 1}
    counts = {name: len(needed[name]) for name in every}
    for name in sorted(every, key=lambda name: (name not in asked, name == "seed")):
        least = _least(explorer.controls[name], every[name], needed[name])
        if prod(counts.values()) // counts[name] * least <= num_frames:
            counts[name] = least
    while True:
        may_grow = [
            name
            for name, count in counts.items()
            if 1 < count < len(every[name])
            and prod(counts.values()) // count * (count + 1) <= num_frames
        ]
        if not may_grow:
            return {name: spread(every[name], needed[name], counts[name]) for name in every}
        counts[min(may_grow, key=lambda n: counts[n] / (WISHED if n in asked else 1))] += 1


def _least(control: ipywidgets.ValueWidget, every: list, needed: list) -> int:
    if isinstance(control, ipywidgets.Checkbox | ipywidgets.Dropdown):
        return len(every)
    return min(len(every), max(FEWEST, len(needed) + 1))


def spread(every: list, needed: list, count: int) -> list:
    """At least `count` of the values, in order: those needed, and the middles of gaps.

    Example:
        >>> spread(list(range(11)), [2], 4)
        [0, 2, 6, 10]
    """
    taken = sorted({every.index(value) for value in needed})
    if count > len(taken) + 1:
        taken = sorted({0, len(every) - 1, *taken})
    while len(taken) < count:
        ends = [-1, *taken, len(every)]
        gaps = [(b - a, a) for a, b in pairwise(ends)]
        width, start = max(gaps, key=lambda gap: (gap[0], -gap[1]))
        if width < 2:
            break
        taken = sorted([*taken, start + width // 2])
    return [every[index] for index in taken]
