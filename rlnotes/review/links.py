"""Links to the cell of a chapter that shows what a claim says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rlnotes._checks import require_option, require_text, shown

CHAPTER_FILES = {
    "00": "00_start_here.ipynb",
    "01": "01_mdp_and_maze.ipynb",
    "02": "02_bellman_q_learning.ipynb",
    "03": "03_dqn.ipynb",
    "04": "04_policy_gradients.ipynb",
    "05": "05_gae.ipynb",
    "06": "06_ppo.ipynb",
    "07": "07_rlhf.ipynb",
    "08": "08_dpo.ipynb",
    "09": "09_grpo.ipynb",
    "10": "10_invoices.ipynb",
    "11": "11_review.ipynb",
}
# The ids that the notebook format allows.
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LINK_KEYS = ("link", "label", "shows")


@dataclass(frozen=True)
class Link:
    """A cell of a chapter, and the words there that carry a claim.

    Attributes:
        chapter: two digits, such as "07".
        cell: the id of the cell in the notebook of that chapter.
        label: what the link is called: the number of the section, such as "7.5" or
            "7.5, memory", or its title if it has none. Empty stands for the chapter
            as a whole.
        shows: words that stand in the source or in the stored text output of the
            cell. Empty if the link proves nothing and only points.

    Raises:
        ValueError: on construction, for a chapter that does not exist, a cell id that
            no notebook could have, a label of another chapter, or a part that is no
            text.
    """

    chapter: str
    cell: str
    label: str = ""
    shows: str = ""

    def __post_init__(self) -> None:
        require_text(chapter=self.chapter, cell=self.cell, label=self.label, shows=self.shows)
        require_option(CHAPTER_FILES, chapter=self.chapter)
        if not CELL_ID.fullmatch(self.cell):
            raise ValueError(f"cell must be the id of a cell, got {self.cell!r}")
        number = self.label.partition(".")[0]
        if number.isdecimal() and int(number) != int(self.chapter):
            raise ValueError(
                f"label must belong to chapter {int(self.chapter)}, got {self.label!r}"
            )

    @property
    def target(self) -> str:
        """The address, relative to the folder of the notebooks."""
        return f"{CHAPTER_FILES[self.chapter]}#cell-id={self.cell}"

    @property
    def text(self) -> str:
        """What a reader sees: the number of the section, or chapter and title."""
        if self.label[:1].isdecimal():
            return self.label
        chapter = f"chapter {int(self.chapter)}"
        return f"{chapter}, {self.label}" if self.label else chapter

    def markdown(self) -> str:
        """The link as Markdown; JupyterLab opens the notebook at the cell.

        Example:
            >>> parse_link("07#dfff4cca", label="7.5").markdown()
            '[7.5](07_rlhf.ipynb#cell-id=dfff4cca)'
        """
        return f"[{self.text}]({self.target})"


def parse_link(link: str, *, label: str = "", shows: str = "") -> Link:
    """The link that a data file writes as chapter, number sign, id of the cell.

    Args:
        link: such as "07#dfff4cca".
        label: the number of the section, such as "7.5".
        shows: words that stand in the cell.

    Raises:
        ValueError: if `link` has another form, or names no chapter; and for what
            `Link` refuses.
    """
    require_text(link=link)
    chapter, sign, cell = link.partition("#")
    if not sign or chapter not in CHAPTER_FILES or not CELL_ID.fullmatch(cell):
        raise ValueError(
            "link must be a chapter from 00 to 11, a number sign and the id of a cell,"
            f' such as "07#dfff4cca", got {link!r}'
        )
    return Link(chapter, cell, label=label, shows=shows)


def read_link(entry: Mapping, *, where: str) -> Link:
    """The evidence in a table of a data file, by its keys link, label and shows.

    Args:
        entry: the table; other keys are left alone.
        where: what the table belongs to, for the message.

    Raises:
        ValueError: if one of the three keys is missing or empty, or the link is wrong.
    """
    for key in LINK_KEYS:
        if not entry.get(key):
            raise ValueError(f"{where}: {key} is missing, got {shown(dict(entry))}")
    try:
        return parse_link(entry["link"], label=entry["label"], shows=entry["shows"])
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
