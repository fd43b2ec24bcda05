#!/usr/bin/env bash
# datasets 5.2.0: Dataset.from_list drops every column that the first row does not have,
# and load_dataset("json") makes dates of strings, if all of them look like one.
#
# Guess: rows with different keys give the union of the columns, None where a row has no
# value, by either way, as in pandas and pyarrow's reader of JSON; a JSON string comes back
# as the string that it was.
# Seen: from_list reads the keys of the first row and looks these up in the others; the
# rest is gone, without a word. Below the top level it does build the union. From a file,
# no column is lost. But there a column of ISO dates is one of timestamps, and a reward
# function gets datetime objects; one row that is no date, and all stay strings. So the
# kind of a column depends on the rows that happen to be in the file.
#
# Output seen:
#   rows            [{'prompt': 'a'}, {'prompt': 'b', 'total': '9.50'}]
#     from_list     [{'prompt': 'a'}, {'prompt': 'b'}]
#     load_dataset  [{'prompt': 'a', 'total': None}, {'prompt': 'b', 'total': '9.50'}]
#   one level down  [{'fields': {'tax': '1', 'total': None}}, {'fields': {'tax': None, 'total': '2'}}]
#   dates 2026-11-30, 2026-12-01  from_list str, load_dataset datetime
#   dates 2026-11-30, none        from_list str, load_dataset str
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasets==5.2.0
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME="$folder/hf" HF_DATASETS_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - "$folder" <<'PY'
import json
import sys
from pathlib import Path

from datasets import Dataset, disable_progress_bars, load_dataset

disable_progress_bars()
folder = Path(sys.argv[1])


def from_file(rows):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    cache = str(folder / "cache")
    options = {"cache_dir": cache, "download_mode": "force_redownload"}
    return load_dataset("json", data_files=str(path), split="train", **options).to_list()


rows = [{"prompt": "a"}, {"prompt": "b", "total": "9.50"}]
found = Dataset.from_list(rows).to_list(), from_file(rows)
print(f"rows            {rows}")
print(f"  from_list     {found[0]}")
print(f"  load_dataset  {found[1]}")
assert found[0] == [{"prompt": "a"}, {"prompt": "b"}], found
assert found[1] == [{"prompt": "a", "total": None}, rows[1]], found
nested = Dataset.from_list([{"fields": {"tax": "1"}}, {"fields": {"total": "2"}}]).to_list()
print(f"one level down  {nested}")
assert nested[1] == {"fields": {"tax": None, "total": "2"}}, nested
for dates in (["2026-11-30", "2026-12-01"], ["2026-11-30", "none"]):
    rows = [{"date": date} for date in dates]
    made = Dataset.from_list(rows).to_list(), from_file(rows)
    kinds = [type(one[0]["date"]).__name__ for one in made]
    print(f"dates {', '.join(dates):<24}from_list {kinds[0]}, load_dataset {kinds[1]}")
    assert kinds == ["str", "str" if "none" in dates else "datetime"], kinds
PY
