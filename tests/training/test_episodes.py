"""The bookkeeping of episodes: one environment, and copies that end at any time."""

import pytest

from rlnotes.training.episodes import Episodes, EpisodesOfCopies
from tests.training.test_reinforce import record_of


@pytest.mark.parametrize(
    ("terminated", "truncated", "ends", "num_truncated"),
    [
        (False, False, False, 0),
        (True, False, True, 0),
        (False, True, True, 1),
        (True, True, True, 0),  # the end wins
    ],
)
def test_a_step_ends_an_episode_by_either_flag(terminated, truncated, ends, num_truncated):
    episodes = Episodes()
    assert episodes.step_ends_one(2.0, terminated, truncated, 9) is ends
    assert episodes.returns == [2.0] * ends
    assert episodes.num_truncated == num_truncated


def test_the_limit_truncates_and_the_next_episode_starts_from_nothing():
    episodes = Episodes()
    ends = [episodes.step_ends_one(reward, False, False, 2) for reward in (1.0, 2.0, 4.0, 8.0)]
    assert ends == [False, True, False, True]
    assert (episodes.returns, episodes.lengths) == ([3.0, 12.0], [2, 2])
    assert episodes.num_truncated == 2


def test_episodes_are_counted_over_the_borders_of_the_pieces():
    episodes = EpisodesOfCopies(2)
    no = [[False, False], [False, False]]
    episodes.add(record_of([[1.0, 2.0], [4.0, 8.0]], [[False, False], [True, False]], no))
    assert (episodes.returns, episodes.ends) == ([4.0], [2])
    episodes.add(record_of([[16.0], [32.0]], [[True], [False]], [[False], [True]]))
    assert (episodes.returns, episodes.ends) == ([4.0, 19.0, 40.0], [2, 6, 6])
    assert episodes.num_truncated == 1
