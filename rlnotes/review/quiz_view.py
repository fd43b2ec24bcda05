"""The widgets of a quiz: a drop-down for each item, buttons, verdicts in words."""

import html
import re
from collections.abc import Callable, Collection, Mapping

import ipywidgets

from rlnotes.review.quiz_data import Item, QuizData
from rlnotes.review.quiz_score import QuizScore

CHOOSE, OPEN = "choose ...", ""  # of an item without an answer: what is read, the value
# The prompt is the label of its drop-down: in one line of fixed width it would be cut.
STYLE = """<style>
.rlnotes-quiz-item { flex-direction: column; align-items: flex-start; height: auto;
    width: auto; max-width: 52em; margin: 8px 2px 0; }
.rlnotes-quiz-item > label.widget-label { width: auto; max-width: 100%; height: auto;
    text-align: left; white-space: normal; line-height: 1.4; overflow: visible; }
.rlnotes-quiz-item > select { flex: 0 0 auto; width: 100%; height: 30px; }
.rlnotes-quiz .rlnotes-score { font-weight: bold; }
.rlnotes-quiz p { margin: 4px 2px; max-width: 52em; line-height: 1.4; }
.rlnotes-quiz .rlnotes-right { border-left: 5px solid #009E73; padding-left: 0.5em; }
.rlnotes-quiz .rlnotes-wrong { border-left: 5px dotted #D55E00; padding-left: 0.5em; }
.rlnotes-quiz .rlnotes-open { border-left: 5px dashed #8a9099; padding-left: 0.5em; }
</style>"""
SIGNS = {
    "right": ("rlnotes-right", "\N{CHECK MARK}"),
    "not yet": ("rlnotes-wrong", "\N{BALLOT X}"),
    "open": ("rlnotes-open", "\N{WHITE CIRCLE}"),
}


class QuizView:
    """The widgets of one quiz.

    Args:
        data: what is asked.
        choose: called with {item: option or None} when the reader chose.
        check: called when Check is pressed; calls `show_verdict`.
        reset: called when Reset is pressed.
    """

    def __init__(
        self,
        data: QuizData,
        choose: Callable[[dict], object],
        check: Callable[[], object],
        reset: Callable[[], object],
    ):
        self.data = data
        self._choose = choose
        self.menus = {item.id: self._menu(item) for item in data.items}
        self.notes = {item.id: ipywidgets.HTML() for item in data.items}
        self.head = ipywidgets.HTML(STYLE + _paragraph(data.title, data.instruction))
        self.text = ipywidgets.HTML()
        self.score = QuizScore()
        self.check_button = ipywidgets.Button(description="Check")
        self.reset_button = ipywidgets.Button(description="Reset")
        self.check_button.on_click(lambda _: check())
        self.reset_button.on_click(lambda _: reset())
        self._buttons = ipywidgets.HBox([self.check_button, self.reset_button])
        rows = [part for name in self.menus for part in (self.menus[name], self.notes[name])]
        parts = [self.head, *([self.text] if data.text else []), *rows]
        self.box = ipywidgets.VBox([*parts, self._buttons, self.score])
        self.box.add_class("rlnotes-quiz")

    def show_answers(self, answers: Mapping, changed: Collection[str]) -> None:
        """Show these answers, and no verdict for those that have changed."""
        for name in changed:
            self.menus[name].value = answers[name] or OPEN
            self.notes[name].value = ""
        self.score.text = ""
        if self.data.text:
            self.text.value = f"<p>{_filled(self.data, answers)}</p>"

    def show_verdict(self, verdict) -> None:
        """Write what a check found beneath each item, and the score."""
        for one in verdict.items:
            kind, sign = SIGNS[one.state]
            link = one.item.link if one.state != "open" else None
            where = f" {_anchor(link)}" if link else ""
            text = f'<span aria-hidden="true">{sign}</span> {html.escape(one.message)}{where}'
            self.notes[one.item.id].value = f'<p class="rlnotes-quiz-note {kind}">{text}</p>'
        self.score.text = verdict.summary

    def close(self) -> None:
        """Close all widgets, those of layouts and styles as well."""
        widgets = [self.box, self._buttons, self.head, self.text, self.score]
        widgets += [self.check_button, self.reset_button]
        for widget in [*widgets, *self.menus.values(), *self.notes.values()]:
            # A drop-down has a style; not every kind of widget has one.
            for part in (getattr(widget, "style", None), widget.layout, widget):
                if part is not None:
                    part.close()

    def _menu(self, item: Item) -> ipywidgets.Dropdown:
        menu = ipywidgets.Dropdown(
            options=[(CHOOSE, OPEN), *((option, option) for option in item.options)],
            description=item.prompt,
            style={"description_width": "auto"},
        )
        menu.add_class("rlnotes-quiz-item")
        menu.observe(lambda change: self._choose({item.id: change["new"] or None}), names="value")
        return menu


def _paragraph(title: str, instruction: str) -> str:
    return f"<p><b>{html.escape(title)}.</b> {html.escape(instruction)}</p>"


def _anchor(link) -> str:
    return f'<a href="{html.escape(link.target)}">See {html.escape(link.text)}.</a>'


def _filled(data: QuizData, answers: Mapping) -> str:
    def gap(match: re.Match) -> str:
        chosen = answers[data.items[int(match[1]) - 1].id]
        return f"[{match[1]}: <b>{html.escape(chosen)}</b>]" if chosen else match[0]

    return re.sub(r"\[(\d+)\]", gap, html.escape(data.text))
