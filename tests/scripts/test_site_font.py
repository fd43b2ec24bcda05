"""The font is made again from itself, and from nothing that lacks a letter."""

import pytest
from fontTools.ttLib import TTFont
from matplotlib import get_data_path

from rlnotes.scripts import site_font
from rlnotes.site.font import FONT


@pytest.fixture
def written(tmp_path, monkeypatch):
    path = tmp_path / FONT.name
    monkeypatch.setattr(site_font, "FONT", path)
    return path


def test_the_font_has_the_characters_that_are_wanted_and_no_other(written, capsys):
    assert site_font.main([str(FONT)]) == 0
    assert f"{FONT.name}: " in capsys.readouterr().out
    shipped, again = TTFont(FONT), TTFont(written)
    assert set(map(chr, again.getBestCmap())) == site_font.wanted_characters()
    assert again.getBestCmap().keys() == shipped.getBestCmap().keys()
    assert len(again.getGlyphOrder()) == len(shipped.getGlyphOrder())
    assert "MATH" in again


def test_the_same_font_gives_the_same_bytes(written, monkeypatch):
    monkeypatch.setattr(site_font, "wanted_characters", lambda: set("(x)√"))
    site_font.main([str(FONT)])
    first = written.read_bytes()
    site_font.main([str(FONT)])
    assert written.read_bytes() == first


def test_a_font_for_text_is_refused(written, capsys, monkeypatch):
    monkeypatch.setattr(site_font, "wanted_characters", lambda: {"x"})
    assert site_font.main([f"{get_data_path()}/fonts/ttf/cmr10.ttf"]) == 2
    assert "original must have a MATH table" in capsys.readouterr().err
    assert not written.exists()


def test_what_is_no_font_is_refused(written, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(site_font, "wanted_characters", set)
    (tmp_path / "no.woff2").write_text("no font")
    assert site_font.main([str(tmp_path / "no.woff2")]) == 2
    assert site_font.main([str(tmp_path / "missing.woff2")]) == 2
    assert capsys.readouterr().err.count("site_font: ") == 2
    assert not written.exists()
