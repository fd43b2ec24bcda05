"""The pictures of the README are current, small, and described with right numbers."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from rlnotes.exact.frontier import frontier
from rlnotes.explorers.gae_bias_variance import LAMBDAS, relative_errors
from rlnotes.explorers.reward_kl_plane import RewardKLPlane, masses
from rlnotes.scripts import readme_pictures
from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.readme_pictures import IMAGES, PICTURES, alt_text, markdown, png
from rlnotes.training.replies import all_replies
from tests.browser.animation import SIZE, as_gif, read_gif, with_pointer
from tests.browser.pictures import COARSE, difference, unlike

STILLS = [name for name, picture in PICTURES.items() if picture.drawn]
DRAG = "reward_kl_drag.gif"


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.fixture(scope="module")
def drag():
    return read_gif(IMAGES / DRAG)


@pytest.mark.parametrize("name", STILLS)
def test_a_committed_still_is_what_the_command_makes(name):
    committed = (IMAGES / name).read_bytes()
    assert difference(pixels(committed), pixels(png(PICTURES[name]))).faults == []
    assert len(committed) < 120_000


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("reward_kl_plane.png", {"beta": 0.562}),
        ("gae_bias_variance.png", {"gae_lambda": 0.94}),
        ("maze_values.png", {"gamma": 0.89}),
    ],
)
def test_a_still_of_the_next_setting_is_found(name, change):
    picture = PICTURES[name]
    other = png(picture._replace(setting={**picture.setting, **change}))
    assert difference(pixels((IMAGES / name).read_bytes()), pixels(other)).faults != []


def test_the_images_are_all_listed():
    assert {path.name for path in IMAGES.iterdir()} == set(PICTURES)


def test_the_animation_loops_smoothly_and_is_small(drag):
    count, height, width, _ = drag.pictures.shape
    assert (width, height) == SIZE
    assert 24 <= count == len(drag.values) <= 36
    assert drag.loop == 0
    (milliseconds,) = drag.milliseconds
    assert 8 <= 1000 / milliseconds <= 12
    assert (IMAGES / DRAG).stat().st_size < 700_000
    codes = drag.pictures.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    assert len(np.unique(codes)) <= 64


def test_each_frame_of_the_animation_shows_what_agg_draws_at_its_setting(drag):
    explorer = RewardKLPlane()
    shown = {}
    for value, canvas in zip(drag.values, drag.canvases, strict=True):
        shown.setdefault(value, []).append(canvas)
    for value, canvases in shown.items():
        expected = pixels(explorer.set(beta=value).png())
        assert max(unlike(expected, canvas) for canvas in canvases) < COARSE, value
    assert unlike(pixels(explorer.set(beta=0.562).png()), shown[0.5][0]) > COARSE


def test_the_mouse_is_seen_in_each_frame(drag):
    # Below the middle of the slider, where nothing else is as dark.
    dark = (drag.pictures[:, 57:72, 165:325] < 60).all(axis=-1)
    assert dark.sum(axis=(1, 2)).min() > 50
    lefts = [int(np.flatnonzero(frame.any(axis=0))[0]) for frame in dark]
    assert lefts[0] > lefts[5] > lefts[9] < lefts[18] < lefts[27] > lefts[35]


def test_the_numbers_of_the_frontier_are_exact():
    for name, betas in ((DRAG, (0.063, 3.979)), ("reward_kl_plane.png", (0.5,))):
        reward, kl = frontier(masses(), torch.tensor(betas, dtype=torch.float64))
        for numbers in zip(betas, reward.tolist(), kl.tolist(), strict=True):
            beta, best, distance = numbers
            text = alt_text(PICTURES[name])
            assert re.search(rf"beta {beta} .*?reward {best:.3f} at KL {distance:.3f}", text)
    assert min(read_gif(IMAGES / DRAG).values) == 0.063
    assert max(read_gif(IMAGES / DRAG).values) == 3.979


def test_the_caption_counts_the_replies():
    assert f"all {len(all_replies()):,} replies" in PICTURES["reward_kl_plane.png"].caption


def test_the_best_lambdas_are_exact():
    errors = relative_errors(gamma=0.95, critic_error=0.2, pattern="up and down")
    sums = {name: bias + variance / 256 for name, (bias, variance) in errors.items()}
    best = {name: LAMBDAS[total.argmin()] for name, total in sums.items()}
    times = sums["gradient"][95] / sums["gradient"].min()
    assert alt_text(PICTURES["gae_bias_variance.png"]).endswith(
        f"gradient from 256 draws the best lambda is {best['gradient']:.2f}, and at 0.95 the "
        f"error is {times:.2f} times as large; for a mean of 256 advantages the best lambda is "
        f"{best['advantage']:.2f}."
    )


def test_the_values_of_the_maze_are_those_worked_by_hand():
    # Two steps and the goal's 10 from (0, 1): 0.9 * 10; one more from the start.
    assert "at gamma 0.9 the exact value of the start is 8.10, of the cell beside it 9.00" in (
        alt_text(PICTURES["maze_values.png"])
    )


def test_the_readme_shows_pictures_with_their_lines():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(docs/images/([^)]+)\)", text)
    assert DRAG in shown
    for name in shown:
        assert markdown(name) in text, name


def test_a_number_that_the_description_lacks_is_refused():
    picture = PICTURES["maze_values.png"]
    with pytest.raises(ValueError, match=r"pattern must occur in .*got 'V\(9,9\)'"):
        alt_text(picture._replace(numbers=[({}, "V(9,9)")]))


def test_the_command_writes_the_stills_and_prints_every_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(readme_pictures, "IMAGES", tmp_path)
    assert readme_pictures.main() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(STILLS)
    printed = capsys.readouterr().out
    assert all(markdown(name) in printed for name in PICTURES)


def test_a_place_that_is_no_folder_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(readme_pictures, "IMAGES", tmp_path / "file")
    assert readme_pictures.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_gif_keeps_settings_flat_colours_and_every_picture():
    pictures = [np.full((20, 30, 3), 255, np.uint8) for _ in range(3)]
    pictures[1][5:9, 5:9] = 0, 114, 178
    made = read_gif(as_gif(pictures, [0.5, 1, 0.5]))
    assert made.values == [0.5, 1, 0.5]
    assert made.loop == 0
    assert (made.pictures == np.stack(pictures)).all()


def test_the_colours_kept_are_the_commonest_of_their_kind():
    # 128 colours, each in ten pixels, and in one pixel a little lighter.
    common = np.random.default_rng(0).integers(0, 250, (128, 1, 3), dtype=np.uint8)
    picture = np.concatenate([common.repeat(10, axis=1), common + 3], axis=1)
    shown = read_gif(as_gif([picture], [0.5])).pictures[0]
    kept = set(map(tuple, shown.reshape(-1, 3).tolist()))
    assert 32 < len(kept) <= 64
    # A lighter one may stand alone, with another nearest to its own.
    assert len(kept & set(map(tuple, common[:, 0].tolist()))) > 0.9 * len(kept)


def test_the_tip_of_the_pointer_is_at_its_place():
    white = np.full((60, 60, 3), 200, np.uint8)
    drawn = with_pointer(white, (20.0, 30.0))
    changed = np.argwhere((drawn != white).any(axis=-1))
    assert changed.min(axis=0).tolist() == [29, 19]  # row, column: an edge of one pixel
    assert (drawn[34, 21] < 20).all()
    moved = with_pointer(white, (25.0, 33.0))
    assert (moved[3:, 5:] == drawn[:-3, :-5]).all()


@pytest.mark.parametrize("place", [(-1, 5), (5, 60), (60, 5)])
def test_a_pointer_outside_is_refused(place):
    with pytest.raises(ValueError, match=r"place must lie within \(60, 60\), got"):
        with_pointer(np.zeros((60, 60, 3), np.uint8), place)


def test_a_picture_without_a_value_is_refused():
    with pytest.raises(ValueError, match="values must have length 1, got 2"):
        as_gif([np.zeros((9, 9, 3), np.uint8)], [1, 2])
