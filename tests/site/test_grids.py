"""Which settings a page holds: all that are asked for, within the limit, spread out."""

from math import prod
from typing import ClassVar

import pytest

from rlnotes.explorers import catalog
from rlnotes.explorers.controls import every_value
from rlnotes.explorers.discounting import Discounting
from rlnotes.explorers.monte_carlo import MonteCarlo
from rlnotes.explorers.ppo_clip import PPOClip
from rlnotes.site.grids import NUM_FRAMES, page_values, spread


@pytest.fixture(scope="module")
def clip():
    explorer = PPOClip()
    yield explorer
    explorer.close()


class Named(Discounting):
    in_page: ClassVar = {"gamma": (0.5, 0.9, 1.0), "delay": (1, 5, 10)}


@pytest.mark.parametrize("name", catalog())
def test_every_explorer_has_a_grid_with_its_default(name):
    explorer = catalog()[name]()
    limit = 500 if explorer.in_page is None else NUM_FRAMES
    values = page_values(explorer, num_frames=limit)
    assert list(values) == list(explorer.controls)
    assert prod(map(len, values.values())) <= limit
    for control, some in values.items():
        every = every_value(explorer.controls[control])
        assert explorer.defaults[control] in some
        assert [every.index(value) for value in some] == sorted({every.index(v) for v in some})
    assert sum(len(some) > 1 for some in values.values()) >= min(2, len(values))
    explorer.close()


def test_what_is_wanted_is_there_and_its_control_moves_first(clip):
    values = page_values(clip, wanted=[{"ratio": 1.45}, {"ratio": 0.35}], num_frames=9)
    assert {1.5, 1.45, 0.35} <= set(values["ratio"])
    assert len(values["ratio"]) > 3
    assert page_values(clip, num_frames=9)["ratio"] != values["ratio"]


def test_seeds_stand_still_before_anything_else_does(clip):
    monte_carlo = type("Any", (MonteCarlo,), {"in_page": None})()
    assert [len(v) for v in page_values(monte_carlo, num_frames=16).values()] == [4, 4, 1]
    wanted = [{"seed": 3}]
    assert len(page_values(monte_carlo, wanted=wanted, num_frames=16)["seed"]) == 4


def test_a_menu_has_all_its_options_or_does_not_move(clip):
    for num_frames in (1, 3, 4, 40, 400):
        assert len(page_values(clip, num_frames=num_frames)["beside"]) in {1, 4}


def test_more_frames_are_more_values(clip):
    counts = [prod(map(len, page_values(clip, num_frames=n).values())) for n in (1, 50, 500, 5000)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] > 4000


def test_with_room_for_all_all_are_there(clip):
    values = page_values(clip, num_frames=10**6)
    assert values == {name: every_value(control) for name, control in clip.controls.items()}


def test_an_explorer_may_name_its_values():
    values = page_values(Named())
    assert values["gamma"] == [0.5, 0.9, 1.0]
    assert values["delay"] == [1, 5, 10]
    assert values["far_reward"] == [Named().defaults["far_reward"]]


@pytest.mark.parametrize(
    ("in_page", "message"),
    [
        ({"gama": (1.0,)}, "control must be one of .*'gama'"),
        ({"gamma": (0.9, 1.5)}, "gamma must be between .*1.5"),
        ({"gamma": (0.5, 1.0)}, "gamma in the page of .* must be one of .*0.9"),
    ],
)
def test_wrong_names_and_values_are_refused(in_page, message):
    class Wrong(Discounting):
        pass

    Wrong.in_page = in_page
    with pytest.raises(ValueError, match=message):
        page_values(Wrong())


def test_a_wish_must_be_possible(clip):
    with pytest.raises(ValueError, match=r"ratio must be between .*9"):
        page_values(clip, wanted=[{"ratio": 9.0}])
    with pytest.raises(ValueError, match=r"control must be one of .*'epsilon'"):
        page_values(clip, wanted=[{"epsilon": 0.2}])


def test_a_grid_over_its_limit_says_which_control_has_how_many():
    with pytest.raises(ValueError, match=r"num_frames of Named must be at most 8, got 9 .*gamma 3"):
        page_values(Named(), num_frames=8)


@pytest.mark.parametrize(
    ("needed", "count", "expected"),
    [([2], 1, [2]), ([2], 3, [0, 2, 10]), ([2], 4, [0, 2, 6, 10]), ([0, 10], 11, list(range(11)))],
)
def test_values_are_spread_over_the_range(needed, count, expected):
    assert spread(list(range(11)), needed, count) == expected
