"""Write the book as a site: every chapter and every explorer, without a kernel.

    python -m rlnotes.scripts.site [--output FOLDER] [--kept FOLDER]
    python -m rlnotes.scripts.site --only NAME [NAME ...] --output FOLDER

The pages go to FOLDER (default: site/). Open index.html there, or copy the folder to
any web server that serves files. FOLDER must be new, empty, or hold nothing but what
this command wrote and nobody has changed: that is replaced, all at once.

Each explorer is recorded over a grid of settings. Explorers and chapters are kept in
.site/ until their code or their data change (`--kept` names another folder, new or made
by this command). With `--only` the named explorers are made, each as a page of its own
in FOLDER/embed, and no chapter.

Needs the extra `site`: pip install -e ".[site]".
"""

import argparse
import sys
import time

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.output_files import folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "site"


def main(arguments: list[str] | None = None) -> int:
    """Build the site and say how large it is; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.only and chosen.output is None:
        parser.error("--only needs --output: what is in site/ would have to go")
    output = chosen.output or ROOT / "site"
    notebooks = ROOT / "notebooks"
    if status := check_or_explain(output, NAME, sources=notebooks):
        return status
    from rlnotes.site.build import build  # here: the processes that record import this module

    begun = time.monotonic()
    try:
        files, anew = build(notebooks, chosen.kept, only=chosen.only)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if status := write_or_explain(files, output, NAME):
        return status
    size = sum(map(len, files.values())) / 1e6
    print(f"{len(anew)} explorers and chapters made anew in {time.monotonic() - begun:.0f} s")
    print(f"{len(files)} files, {size:.1f} MB, written to {output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=folder_name, metavar="FOLDER")
    parser.add_argument("--kept", type=folder_name, default=ROOT / ".site", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
