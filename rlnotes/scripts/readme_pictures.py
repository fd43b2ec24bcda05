"""Make the still pictures of the README, and print its lines for all pictures.

    python -m rlnotes.scripts.readme_pictures

Each number in the text that stands for a picture is read from the description of the
explorer at a named setting. The animation, which comes from a browser, is made by
`python -m tests.browser.recording`.
"""

import io
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.gae_bias_variance import GAEBiasVariance
from rlnotes.explorers.maze_values import MazeValues
from rlnotes.explorers.reward_kl_plane import RewardKLPlane
from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.output_files import replace_file, require_writable

IMAGES = ROOT / "docs" / "images"
_BEST = r"Best policy at this price: reward ([\d.]+), KL ([\d.]+) nats"
_SAYS = r"the best policy says: (.+?) \. ([\d.]+)"


class Picture(NamedTuple):
    """A picture of the README.

    `setting` is the explorer's; `numbers` says where those of `alt` come from, in
    order: a setting beside it, and a pattern for the description there.
    """

    explorer: Callable[..., Explorer]
    setting: dict
    alt: str
    numbers: list[tuple[dict, str]]
    caption: str
    drawn: bool = True  # by this command


PICTURES = {
    "reward_kl_drag.gif": Picture(
        RewardKLPlane,
        {},
        "In JupyterLab the mouse drags the slider beta of an explorer there and back. A point "
        "follows it along the exact frontier of reward and KL, and the likeliest replies change: "
        "at beta {} the best policy has reward {} at KL {} nats and says {!r} with probability {}, "
        "at beta {} reward {} at KL {} nats.",
        [
            ({"beta": 0.063}, r"beta = ([\d.]+),"),
            ({"beta": 0.063}, _BEST),
            ({"beta": 0.063}, _SAYS),
            ({"beta": 3.979}, r"beta = ([\d.]+),"),
            ({"beta": 3.979}, _BEST),
        ],
        "A slider of chapter 7, dragged in JupyterLab. The exact answer follows the hand.",
        drawn=False,
    ),
    "reward_kl_plane.png": Picture(
        RewardKLPlane,
        {},
        "Expected gold reward against KL to the reference. At beta {} the best policy has "
        "reward {} at KL {} nats; PPO's policies, {} runs at four prices, lie {} to {} below the "
        "exact frontier. Beside it the likeliest replies of the best policy, first {!r} with "
        "probability {}.",
        [
            ({}, r"beta = ([\d.]+),"),
            ({}, _BEST),
            ({}, r"(\d+) runs"),
            ({}, r"below the line by ([\d.]+) to ([\d.]+\d)"),
            ({}, _SAYS),
        ],
        "An explorer of chapter 7. The black line is the most reward that any policy can have "
        "at its distance from the reference, found by enumerating all 19,608 replies; the squares "
        "are policies trained by PPO.",
    ),
    "gae_bias_variance.png": Picture(
        GAEBiasVariance,
        {"critic_error": 0.2},
        "Exact squared bias, variance and their sum for each lambda of GAE. For the gradient "
        "from {} draws the best lambda is {}, and at {} the error is {} times as large; for a "
        "mean of {} advantages the best lambda is {}.",
        [
            ({}, r"batch_size = (\d+),"),
            ({}, r"Gradient at .*?best lambda ([\d.]+) "),
            ({}, r"Gradient at lambda ([\d.]+):"),
            ({}, r"Gradient at .*? has ([\d.]+) times"),
            ({}, r"batch_size = (\d+),"),
            ({}, r"Advantage at .*?best lambda ([\d.]+) "),
        ],
        "An explorer of chapter 5. Squared bias and variance add up to the error; the green "
        "triangle marks the lambda where it is least.",
    ),
    "maze_values.png": Picture(
        MazeValues,
        {},
        "A maze of six cells: at gamma {} the exact value of the start is {}, of the cell beside "
        "it {}; arrows show the best policy, and a second map the value of each action.",
        [
            ({}, r"gamma = ([\d.]+),"),
            ({}, r"V\(0,0\) = ([\d.]+),"),
            ({}, r"V\(0,1\) = ([\d.]+),"),
        ],
        "An explorer of chapter 1. Each number is solved for at every move of a slider.",
    ),
}


def alt_text(picture: Picture) -> str:
    """What a picture shows, for those who do not see it.

    Raises:
        ValueError: if the description of the explorer has no such number.
    """
    found = []
    for beside, pattern in picture.numbers:
        description = picture.explorer(**{**picture.setting, **beside}).description
        match = re.search(pattern, description)
        if match is None:
            raise ValueError(f"pattern must occur in {description!r}, got {pattern!r}")
        found += match.groups()
    return picture.alt.format(*found)


def png(picture: Picture) -> bytes:
    """The picture as Agg draws it, without loss and as small as Pillow makes it."""
    explorer = picture.explorer(**picture.setting)
    file = io.BytesIO()
    Image.open(io.BytesIO(explorer.png())).convert("RGB").save(file, "PNG", optimize=True)
    return file.getvalue()


def markdown(name: str) -> str:
    """The lines of the README for a picture."""
    picture = PICTURES[name]
    return f"![{alt_text(picture)}](docs/images/{name})\n\n*{picture.caption}*\n"


def main() -> int:
    """Write the stills, and print the lines for all pictures."""
    try:
        require_writable(IMAGES)
        made = {name: png(picture) for name, picture in PICTURES.items() if picture.drawn}
        lines = [markdown(name) for name in PICTURES]
        for name, content in made.items():
            replace_file(content, IMAGES / name)
    except (OSError, ValueError) as error:
        print(f"readme_pictures: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
