"""One spelling in notebooks, documents, docstrings, comments and texts of the code."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from rlnotes.scripts.checkout import ROOT
from tests.test_one_book import CHAPTERS, cells

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/*.md",
    "docs/*.csv",
    "docs/*.toml",
)
CODE = ("rlnotes/**/*.py", "rlnotes/**/*.toml", "tests/**/*.py", "conftest.py", "findings/*.sh")
_STEMS = (
    "normal|maxim|minim|optim|general|recogn|factor|token|parameter|standard|penal|priorit"
    "|initial|summar|visual|regular|organ|real|random|discret|marginal|linear|memor|emphas"
)

# what we write, what we do not, two examples of the second
FORMS = {
    "-ize": (
        rf"(?:\w*-)?(?:un|re)?(?:{_STEMS})is(?:e[sdr]?|ers|ing|ations?)",
        "optimises|Normaliser",
    ),
    "-our": (r"\w*(?:behavi|fav|neighb|lab|hon)or(?:s|ed|ing|hood|ite|able|al)?", "behavior|favor"),
    "labelled": (
        r"(?:un)?(?:label|model|travel|cancel|level|total|signal)(?:ed|ing)",
        "labeled|modeling",
    ),
    "learned": ("(?:un)?learnt", "learnt|Learnt"),
    "defence, judgement": ("defenses?|offenses?|judgments?", "defense|judgment"),
    "catalogue": ("catalogs", "catalogs|Catalogs"),
    "artefact": ("artifacts?", "artifact|artifacts"),
    "over-optimization": ("[Oo]ver ?optimi[sz]\\w+", "overoptimization|Over optimised"),
    "log-probability": ("log ?prob(?:abilit(?:y|ies))?", "log probability|logprob"),
    "Monte Carlo": ("monte-carlo", "Monte-Carlo|monte-carlo"),
    "hyperparameter": ("hyper[- ]parameters?", "hyper-parameter|hyper parameters"),
    "minibatch": ("mini[- ]batch(?:es)?", "mini-batch|mini batches"),
    "checkpoint": ("check[- ]points?", "check-point|check points"),
    "time step": ("time-?steps?", "timestep|time-steps"),
    "reward-to-go": ("rewards? to[ -]go|return-to-go", "reward to go|rewards to go"),
    "cross-entropy": ("cross entropy", "cross entropy|Cross entropy"),
    "fine-tuning": ("fine ?tun\\w+", "finetuning|fine tuned"),
    "pretrain": ("pre-train\\w*", "pre-training|pre-trained"),
    "trade-off": ("trade ?offs?", "tradeoff|trade off"),
    "halfway": ("half-way", "half-way|Half-way"),
    "KL divergence": ("KL-divergences?", "KL-divergence|KL-divergences"),
    "for example, that is": (r"e\. ?g\.|i\. ?e\.", "e.g.|i.e."),
    "against, about": (r"[Vv]s\.?|versus|approx\.|ca\.", "vs.|versus"),
    "towards, afterwards": ("toward|afterward", "toward|afterward"),
    "while, among": ("whilst|amongst", "whilst|amongst"),
    "cannot": ("can not", "can not|Can not"),
    "percent": ("per ?cent(?!s)(?<!percent)", "per cent|Per cent"),
    "Bradley-Terry, reward-KL": (
        "\\w+\N{EN DASH}[A-Z]\\w+",
        "Bradley\N{EN DASH}Terry|reward\N{EN DASH}KL",
    ),
    "REINFORCE": ("Reinforce (?:algorithm|loss|gradient)", "Reinforce loss|Reinforce algorithm"),
    "Q-learning": ("Q-Learning|q-learning", "Q-Learning|q-learning"),
    "PyTorch": ("Pytorch", "Pytorch"),
    "NumPy": ("Numpy", "Numpy|Numpy"),
    "JupyterLab": ("Jupyter [Ll]ab|Jupyterlab", "Jupyter Lab|Jupyterlab"),
    "CartPole": ("[Cc]art-[Pp]ole|Cartpole", "Cartpole|cart-pole"),
    "torchrl": ("TorchRL|Torchrl", "TorchRL|Torchrl"),
    "Stable-Baselines3": (
        r"[Ss]table [Bb]aselines ?3?|Stable-baselines3?|stable-baselines3(?=[';,])",
        "stable baselines|Stable-baselines3",
    ),
}
# the same, in text only: code and its labels have other people's words
IN_TEXT = {
    "colour": ("colors?|colored|coloring", "color|Colored"),
    "centre": (r"(?<!mean-)(?<!max-)centers?|centering", "center|centering"),
    "grey": ("grays?", "gray|Gray"),
    "Gymnasium": (r"(?-i:gymnasium)(?:'s|,)", "gymnasium's|gymnasium,"),
}
# in the chapters and documents only
IN_CHAPTERS = {
    "data set": ("datasets?", "dataset|datasets"),
    "and others": (r"et al\.?", "et al.|et al"),
    "5 %": (r"\d+%", "5%|12%"),
}
# titles of papers, and spellings that a reader's answer may have
QUOTED = re.compile(
    r"reward model overoptimization|mitigate overoptimization|optimizations toward training"
    r"|LayoutLMv3: pre-training|^words = .*",
    flags=re.MULTILINE,
)
# what stands between backticks or leads somewhere is no prose
NO_PROSE = re.compile(r"`[^`\n]*`|\]\([^)\n]*\)|https?:\S+|\$[^$\n]+\$")
FORMS_OF = {"everywhere": FORMS, "text": IN_TEXT, "chapters": IN_CHAPTERS}


def wrong(pattern: str) -> re.Pattern:
    """The pattern as a word of its own; with a capital in it, capitals count."""
    flags = re.NOFLAG if re.search("[A-Z]", pattern) else re.IGNORECASE
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", flags=flags)


def pages() -> Iterator[tuple[str, str]]:
    """Place and text of every cell of text and document."""
    for chapter, path in CHAPTERS.items():
        for cell in cells(chapter):
            if cell["cell_type"] == "markdown":
                yield f"{path.name} {cell['id']}", "".join(cell["source"])
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def outputs_and_code() -> Iterator[tuple[str, str]]:
    """Place and text of code cells, of what they print, and of files of code."""
    for chapter, path in CHAPTERS.items():
        for cell in cells(chapter):
            if cell["cell_type"] == "code":
                yield f"{path.name} {cell['id']}", "".join(cell["source"])
                for output in cell["outputs"]:
                    text = output.get("text") or output.get("data", {}).get("text/plain", "")
                    yield f"{path.name} {cell['id']}, output", "".join(text)
    for path in sources():
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def sources() -> list[Path]:
    found = [path for pattern in CODE for path in sorted(ROOT.glob(pattern))]
    return [path for path in found if path != Path(__file__)]


def docstrings_and_comments() -> Iterator[tuple[str, str]]:
    """Place and text, of the files where a word of `IN_TEXT` stands at all."""
    any_word = wrong("|".join(pattern for pattern, _ in IN_TEXT.values()))
    for path in (path for path in sources() if path.suffix == ".py"):
        text = path.read_text(encoding="utf-8")
        if any_word.search(text):
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                if token.type == tokenize.COMMENT or token.string.startswith(('"""', 'r"""')):
                    yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


@cache
def texts_of(kind: str) -> list[tuple[str, str]]:
    """What the forms of a kind hold for, without quotations, names and formulas."""
    found = [(place, NO_PROSE.sub("`", text)) for place, text in pages()]
    if kind == "text":
        found += [(place, NO_PROSE.sub("`", text)) for place, text in docstrings_and_comments()]
    if kind == "everywhere":
        found += outputs_and_code()
    return [(place, QUOTED.sub("", text)) for place, text in found]


@pytest.mark.parametrize(
    ("kind", "ours"), [(kind, ours) for kind, forms in FORMS_OF.items() for ours in forms]
)
def test_there_is_one_spelling(kind, ours):
    pattern, examples = FORMS_OF[kind][ours]
    word = wrong(pattern)
    assert all(word.fullmatch(example) for example in examples.split("|"))
    assert not word.search(f"so {ours} it is")
    found = [
        (place, text.count("\n", 0, hit.start()) + 1, hit[0])
        for place, text in texts_of(kind)
        for hit in word.finditer(text)
    ]
    assert not found, f"we write: {ours}"


def test_text_is_read_from_every_kind_of_place():
    places = " ".join(place for kind in FORMS_OF for place, _ in texts_of(kind))
    for name in ("00_start_here.ipynb", ", output", "README.md", "topics.csv", ".toml", ".py"):
        assert name in places, name


@pytest.mark.parametrize(
    "text", ["`normalised`", "[x](09.ipynb#cell-id=09-the-normaliser)", "a_normalised_b", "-color"]
)
def test_names_and_links_are_not_read(text):
    cleaned = NO_PROSE.sub("`", text)
    assert not any(
        wrong(pattern).search(cleaned) for pattern, _ in (*FORMS.values(), *IN_TEXT.values())
    )


def test_quotation_marks_are_straight_and_dots_are_three():
    marks = re.compile("[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\u2026]")
    assert not [(place, marks.findall(text)) for place, text in pages() if marks.search(text)]
