"""The files that list versions, names and topics agree with each other."""

import csv
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import rlnotes
from rlnotes import exercises, explorers
from rlnotes.scripts.topic_index import CHAPTER, index

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = {r.name: r for r in map(Requirement, PROJECT["dependencies"])}
DEV = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["dev"])}
DOCUMENTS = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["documents"])}
SITE = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["site"])}
TRL = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["trl"])}
PEERS = {r.name: r for r in map(Requirement, PROJECT["optional-dependencies"]["peers"])}
CONSTRAINTS = (ROOT / "constraints.txt", ROOT / "tests" / "peers" / "constraints.txt")
# conda-forge's name of a package, where it is another one
CONDA_NAMES = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch"}


def conda_requirements() -> dict[str, Requirement]:
    lines = (ROOT / "environment.yml").read_text().splitlines()
    found = (Requirement(m[1]) for line in lines if (m := re.match(r"  - ([\w-]+[=<>].*)", line)))
    return {CONDA_NAMES.get(r.name, r.name): r for r in found}


def constraints(path: Path = CONSTRAINTS[0]) -> dict[str, str]:
    lines = path.read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): version for name, version in pins.items()}


def test_conda_lists_every_runtime_dependency_with_the_same_range():
    conda = conda_requirements()
    assert conda.pop("python").specifier == PROJECT["requires-python"]
    assert set(RUNTIME) <= set(conda)
    for name, requirement in conda.items():
        ours = RUNTIME.get(name) or DEV[name]
        assert requirement.specifier == ours.specifier, name


def test_conda_installs_the_package_itself_last():
    text = (ROOT / "environment.yml").read_text().rstrip()
    assert text.endswith("- pip:\n      - -e .")


@pytest.mark.parametrize("name", [*RUNTIME, *DEV, *DOCUMENTS, *SITE, *TRL])
def test_every_dependency_is_pinned_inside_its_range(name):
    requirement = (RUNTIME | DEV | DOCUMENTS | SITE | TRL)[name]
    assert constraints()[name.lower()] in requirement.specifier


def test_the_lower_bound_is_the_tested_version():
    for name, requirement in (RUNTIME | DOCUMENTS | TRL).items():
        lower = [s.version for s in requirement.specifier if s.operator == ">="]
        assert lower == [constraints()[name]], name


def test_the_peers_have_our_versions_but_for_what_one_of_them_holds_back():
    ours, theirs = map(constraints, CONSTRAINTS)
    others = {name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]}
    assert others == {"filelock", "pandas"}
    for name, requirement in (RUNTIME | PEERS).items():
        assert theirs[name] in requirement.specifier, name


def same_symbol_sections() -> dict[str, str]:
    """The tables of what other libraries do, by cell."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell.get("id", "").endswith("-same-symbol"):
                found[cell["id"]] = "".join(cell["source"])
    return found


@pytest.mark.parametrize("name", same_symbol_sections())
def test_a_table_of_other_libraries_names_the_versions_that_its_tests_run(name):
    text, pins = same_symbol_sections()[name], constraints(CONSTRAINTS[1])
    libraries = "gymnasium|sb3-contrib|stable-baselines3|tianshou|torchrl"
    named = re.findall(rf"({libraries})(?: is)? (\d[\d.]*\d)", text)
    assert named
    for library, version in named:
        assert version == pins[library], library
    assert "`make peers`" in text
    for target in re.findall(r"`(tests/peers[\w/.]*)`", text):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("path", CONSTRAINTS, ids=("ours", "peers"))
def test_constraints_pin_everything_and_name_no_local_file_or_build(path):
    for line in path.read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_the_version_is_the_same_everywhere():
    assert f"version: {rlnotes.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {rlnotes.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def build_wheel(folder: Path) -> list[str]:
    """Build as pip would, but without a network; the names in the wheel."""
    code = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    # In a copy, as a build leaves folders behind. A file that the wheel lacks has no
    # entry in package-data.
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    unpublished = shutil.ignore_patterns("__pycache__", ".*")
    copy = shutil.copytree(ROOT / "rlnotes", tmp_path / "rlnotes", ignore=unpublished)
    files = {path.relative_to(tmp_path).as_posix() for path in copy.rglob("*") if path.is_file()}
    built = {name for name in build_wheel(tmp_path) if ".dist-info/" not in name}
    assert built == files


def topics() -> list[dict]:
    with (ROOT / "docs" / "topics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", topics(), ids=lambda row: row["topic"])
def test_every_topic_has_a_place_or_a_reason(row):
    assert set(row) == {"topic", "where", "note"}
    if not row["where"]:
        assert len(row["note"]) > 10
        return
    path, _, anchor = row["where"].partition("#")
    assert (ROOT / path).is_file(), path
    if path.endswith(".ipynb"):
        cells = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        assert re.search(rf"^## {re.escape(anchor)} ", text, flags=re.MULTILINE), anchor


def test_no_topic_is_listed_twice():
    names = [row["topic"].lower() for row in topics()]
    assert len(names) == len(set(names))


def test_chapter_0_holds_the_index_of_topics_as_it_is():
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    sections = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert index() in sections, "run python -m rlnotes.scripts.topic_index"
    assert len(re.findall(r"^\| .+ \| .+ \|$", index(), flags=re.MULTILINE)) == len(topics()) + 2
    for target in re.findall(r"\]\((\S+?)\)", index()):
        assert (CHAPTER.parent / target.partition("#")[0]).is_file(), target


def test_the_readme_lists_every_chapter_and_no_missing_file():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    chapters = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in chapters:
        assert f"notebooks/{path.name}" in readme
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / target).exists(), target


def test_chapter_3_quotes_the_steps_of_the_benchmarks_as_they_are():
    rows = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in row.split("|")] for row in rows]
    ours = {row[1]: row[4] for row in table if len(row) == 10}
    peer = {row[1]: row[7] for row in table if len(row) == 10}
    dqn = "DQN on CartPole-v1 against Stable-Baselines3 DQN, published settings"
    reinforce = (
        "REINFORCE with baseline, 16 copies, on CartPole-v1 against a loop with one "
        "environment and one episode per update"
    )
    plain = f"{dqn}; ours with `fast=False`, the update as one reads it"
    cells = (ours[dqn], ours[plain], ours[reinforce], peer[reinforce])
    measured = [cell.split()[0] for cell in cells]  # the range stands behind the median
    notebook = json.loads((ROOT / "notebooks/03_dqn.ipynb").read_text(encoding="utf-8"))
    texts = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    quoted = re.findall(r"(\d+),000", texts["03-31bfebe2"])
    assert [f"{number}k" for number in quoted] == measured
    row = next(line for line in texts["03-6aed000a"].splitlines() if "to solve CartPole" in line)
    assert re.findall(r"(\d+),000", row) == quoted
    review = json.loads((ROOT / "notebooks/11_review.ipynb").read_text(encoding="utf-8"))
    read = {cell["id"]: "".join(cell["source"]) for cell in review["cells"]}
    said = re.findall(r"it took (\d+),000 .*DQN (\d+),000", read["11-lineage-samples-read"])
    assert said == [(quoted[2], quoted[0])]


def chapter_heads() -> dict[int, str]:
    """The text of each chapter before its first section."""
    heads = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        heads[int(path.name[:2])] = "\n\n".join(sources).partition("\n## ")[0]
    return heads


def numbers(text: str) -> set[int]:
    """The chapters that a text names, such as "1, 4 to 6"; no sections."""
    found = re.findall(r"(?<![\w.])(\d+)(?: to (\d+))?(?!\w|\.\d)", text)
    return {n for first, last in found for n in range(int(first), int(last or first) + 1)}


@pytest.mark.parametrize(
    ("text", "chapters"),
    [
        ("4 to 6, 8", {4, 5, 6, 8}),
        ("chapter 5 for section 10.1, and 9.", {5, 9}),
        ("Python", set()),
    ],
)
def test_the_numbers_of_chapters_are_read_and_those_of_sections_are_not(text, chapters):
    assert numbers(text) == chapters


def test_the_map_of_the_chapters_has_their_titles_and_what_they_need():
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    (text,) = ("".join(c["source"]) for c in cells if "".join(c["source"]).startswith("## 0.6 "))
    rows = re.findall(r"^\| (\d+) ([^|]+) \| [^|]+\? \| ([^|]+) \|$", text, flags=re.MULTILINE)
    listed = {int(number): (title, needs) for number, title, needs in rows}
    heads = chapter_heads()
    assert listed.keys() | {0} == heads.keys()
    for chapter, head in heads.items():
        if chapter > 0:
            title, needs = listed[chapter]
            assert head.startswith(f"# {chapter}. {title}\n"), (chapter, title)
            (needed,) = re.findall(r"\*\*You need\*\* (.+?)\*\*Time", head, flags=re.DOTALL)
            assert needs == "all" or numbers(needed) - {0} == numbers(needs), (chapter, needed)


@pytest.mark.parametrize("chapter", chapter_heads())
def test_the_running_time_of_a_chapter_is_that_of_the_readme(chapter):
    (measured,) = re.findall(rf"^\| {chapter} \| .+ \| (\d+) s \|$", readme(), flags=re.MULTILINE)
    said = re.findall(r"all\s+cells\s+run\s+in\s+about\s+(\d+)\s+seconds", chapter_heads()[chapter])
    assert said == [str(max(5, 5 * round(int(measured) / 5)))], "to the next five seconds"


def test_the_readme_has_the_running_times_of_the_benchmarks():
    measured = rows_of((ROOT / "docs/benchmarks.md").read_text("utf-8"))
    said = dict(re.findall(r"(?m)^\| \d+ \| .+/(\w+)\.ipynb\) .+ \| (\d+) s \|$", readme()))
    chapters = [path.stem for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert said == {chapter: measured[chapter][1] for chapter in chapters}


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_counts_explorers_and_exercises():
    counts = (
        f"{len(explorers.catalog())} explorers with sliders and {len(exercises.catalog())} exer"
    )
    assert counts in readme()
    assert len(explorers.catalog()) >= 36 <= len(exercises.catalog())


# Row of the README -> row of docs/benchmarks.md, and the column of its median ratio.
QUOTED = {
    "Taxi-v4, value iteration": ("Taxi-v4, value iteration against dictionary loop", 3),
    "GAE of 8 x 2048 steps": ("GAE of 8 x 2048 steps against a NumPy loop over the steps", 3),
    "DQN to a solved CartPole-v1": (
        "DQN on CartPole-v1 against Stable-Baselines3 DQN, published settings",
        7,
    ),
    "PPO to a solved CartPole-v1": (
        "PPO on CartPole-v1 against Stable-Baselines3 PPO, published settings",
        7,
    ),
    "one update of GRPO, 32 prompts x 8 answers": (
        "GRPO, 32 prompts x 8 answers x 6 tokens, one epoch",
        4,
    ),
    "one update of DPO, 32 pairs": ("DPO, 32 pairs of 2 + 5 tokens", 4),
}


def rows_of(text: str) -> dict[str, list[str]]:
    """First cell of each row of the tables of a page -> all its cells."""
    rows = [[cell.strip() for cell in line.split("|")[1:]] for line in text.splitlines()]
    return {row[0]: row for row in rows if row}


def test_the_readme_quotes_the_benchmarks_as_they_are():
    ours, measured = rows_of(readme()), rows_of((ROOT / "docs/benchmarks.md").read_text("utf-8"))
    section = readme().split("## How fast")[1].split("\n## ")[0]
    assert set(rows_of(section)) - {"task", "---"} == set(QUOTED)
    for row, (name, column) in QUOTED.items():
        assert ours[row][2] == measured[name][column], row
