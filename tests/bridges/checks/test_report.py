from rlnotes.bridges.checks.report import Check, is_red, not_looked_at, report

GOOD = Check("steps", {"rows": 9, "share": 1 / 3}, "above 0", True, "Fine.")
BAD = Check("long name", {"loss": float("nan")}, "ln 2", False, "word " * 40)


def test_the_report_line_by_line():
    lines = report([GOOD, BAD, not_looked_at("clip", "Off.")]).split("\n")
    assert lines[0] == "ok   steps      rows 9, share 0.3333  (wanted: above 0)"
    assert lines[1] == "     Fine."
    assert lines[2] == "RED  long name  loss nan  (wanted: ln 2)"
    assert all(len(line) <= 88 and line.startswith("     word") for line in lines[3:-2])
    assert lines[-2:] == ["-    clip", "     Off."]


def test_only_a_failed_check_is_red():
    assert is_red([GOOD, BAD])
    assert not is_red([GOOD, not_looked_at("clip", "Off.")])
    assert not is_red([])
