"""The line of the score, spoken when it changes; it also keeps keys from the notebook.

A drop-down of ipywidgets hands every key on: in JupyterLab the arrows would then move
to another cell, and a letter would insert one or cut it.
"""

import anywidget
from traitlets import Unicode

_SCRIPT = """
// A link of a text cell opens its chapter as a tab of JupyterLab, at the cell. So does one
// of a quiz, if it carries the command of such a link; elsewhere it is a plain link.
function openAsTab(link) {
    const place = /[/]lab(?:[/].*)?[/]tree[/](.*)$/.exec(location.pathname);
    const [file, cell] = link.getAttribute("href").split("#");
    if (!place || cell === undefined) return;
    const folder = decodeURIComponent(place[1]).split("/").slice(0, -1);
    const target = {path: [...folder, file].join("/"), id: "#" + cell};
    link.dataset.commandlinkerCommand = "rendermime:handle-local-link";
    link.dataset.commandlinkerArgs = JSON.stringify(target);
}

function guard(quiz) {
    const mark = element => { element.dataset.lmSuppressShortcuts = "true"; };
    mark(quiz);
    // Notebook 7 looks for the mark at the element that has the focus.
    quiz.addEventListener("focusin", event => mark(event.target));
    quiz.addEventListener("click", event => {
        const link = event.target.closest("a[href]");
        if (link) openAsTab(link);
    });
    for (const type of ["keydown", "keypress", "keyup"])
        quiz.addEventListener(type, event => event.stopPropagation());
}

function render({model, el}) {
    const line = document.createElement("p");
    line.className = "rlnotes-score";
    line.setAttribute("role", "status");
    el.append(line);
    const show = () => { line.textContent = model.get("text"); };
    model.on("change:text", show);
    show();
    let frame;
    const wait = () => { // the line is made before it is put into the quiz
        const quiz = el.closest(".rlnotes-quiz");
        if (quiz) guard(quiz);
        else frame = requestAnimationFrame(wait);
    };
    wait();
    return () => {
        cancelAnimationFrame(frame);
        model.off("change:text", show);
    };
}

export default {render};
"""


class QuizScore(anywidget.AnyWidget):
    """A line of text in a quiz, empty until the first check."""

    _esm = _SCRIPT

    text = Unicode().tag(sync=True)
