"""Labels from electronic invoices, and from whatever only looks like one."""

import logging

import pytest

pytest.importorskip("facturx", reason="needs the extra documents")

from rlnotes.data.documents.e_invoices import read_e_invoice, target_from_totals, target_of_xml
from tests.data.documents.invoice_files import TARGET, cii, ubl
from tests.data.documents.pdf_files import write_pdf

LEAST = {"BG-4": {"name": "A"}, "BT-2": "2018-03-05", "BT-5": "EUR", "BT-112": "5"}


@pytest.mark.parametrize(
    "text",
    [cii(), ubl(), cii("381"), ubl("CreditNote", "381")],
    ids=["CII", "UBL", "CII credit note", "UBL credit note"],
)
def test_both_syntaxes_give_the_same_target_and_credit_notes_stay_positive(tmp_path, text):
    path = tmp_path / "a.xml"
    path.write_text(text)
    assert read_e_invoice(path) == TARGET


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_the_encoding_is_the_one_that_the_xml_declares(encoding):
    text = cii().replace("UTF-8", encoding).replace("Cup", "Caf\u00e9")
    assert target_of_xml(text.encode(encoding))["line_items"][1]["description"] == "Caf\u00e9"


def test_totals_alone_are_enough():
    least = {"vendor": "A", "date": "2018-03-05", "currency": "EUR", "total": "5.00"}
    assert target_from_totals(LEAST) == least
    rows = {"BG-23": [{"BT-116": "5", "BT-117": "0", "BT-118": "O"}], "BG-25": []}
    assert target_from_totals(LEAST | rows) == least | {
        "tax_breakdown": [{"base": "5.00", "tax": "0.00"}]
    }


@pytest.mark.parametrize("missing", LEAST)
def test_what_every_target_needs_must_be_there(missing):
    with pytest.raises(ValueError, match="target lacks"):
        target_from_totals({key: value for key, value in LEAST.items() if key != missing})


DOCTYPE = '<!DOCTYPE a [<!ENTITY e "x">]>'
ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:invoice:1p0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "broken XML"),
        (cii()[:-30], "broken XML"),
        ("<html/>", "no invoice: its XML begins with html"),
        (f'<a:CrossIndustryDocument xmlns:a="{ZUGFERD_1}"/>', "ZUGFeRD 1 is not read"),
        ("<SCRDMCCBDACIOMessageStructure/>", "an order"),
        (DOCTYPE + ubl(), "document type"),
        (cii().replace("?>", f"?>{DOCTYPE}"), "document type"),
        (cii().replace("?>", '?><!DOCTYPE a SYSTEM "a.dtd">'), "document type"),
        (cii().replace("<ram:TypeCode>VAT</ram:TypeCode>", ""), "refused by factur-x.*Schema"),
        (cii().replace("urn:cen.eu:en16931:2017", "mine"), "refused by factur-x.*mine"),
        (cii().replace(">85.68<", ">85.685<"), "total must have at most two decimals"),
        (cii().replace("Tea &amp; Cup Ltd", ""), "lacks vendor"),
    ],
)
def test_what_is_no_invoice_says_why(text, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        target_of_xml(text.encode())


def test_nothing_is_logged_and_loggers_are_as_before(caplog):
    log = logging.getLogger("factur-x")
    before = (log.propagate, list(log.handlers))
    with pytest.raises(ValueError, match="Schema"):
        target_of_xml(cii().replace("<ram:TypeCode>VAT</ram:TypeCode>", "").encode())
    assert not caplog.records
    assert (log.propagate, log.handlers) == before


def pdf(tmp_path, *files):
    return write_pdf(tmp_path / "a.PDF", [(9, 9, "x")], files=files)


def test_a_pdf_has_the_target_of_its_only_xml_and_none_without(tmp_path):
    xml, other = ("any.XML", cii().encode()), ("plan.pdf", b"%PDF")
    assert read_e_invoice(pdf(tmp_path, other, xml)) == TARGET
    assert read_e_invoice(pdf(tmp_path, other)) is None


def test_of_two_xml_files_none_is_guessed(tmp_path):
    files = [("factur-x.xml", cii().encode()), ("annex.xml", ubl().encode())]
    with pytest.raises(ValueError, match=r"two or more .*annex\.xml.*factur-x\.xml"):
        read_e_invoice(pdf(tmp_path, *files))
    same_name = [("a.xml", cii().encode()), ("a.xml", ubl().encode())]
    with pytest.raises(ValueError, match=r"two or more .*a\.xml, a\.xml"):
        read_e_invoice(pdf(tmp_path, *same_name))


def test_a_bad_file_in_a_pdf_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"factur-x\.xml: no invoice"):
        read_e_invoice(pdf(tmp_path, ("factur-x.xml", b"<a/>")))


def test_a_file_that_is_no_pdf_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"text")
    with pytest.raises(ValueError, match="the files in this PDF cannot be read"):
        read_e_invoice(path)


def test_a_seller_without_a_legal_name_has_its_trading_name():
    assert target_from_totals(LEAST | {"BG-4": {"biz_name": "T"}})["vendor"] == "T"


def test_lines_that_only_head_or_explain_others_are_left_out():
    kinds = ("GROUP", "DETAIL", "INFORMATION", None)
    lines = [{"BT-131": str(i), "EXT-FR-FE-163": kind} for i, kind in enumerate(kinds)]
    target = target_from_totals(LEAST | {"BG-25": lines})
    assert [line["amount"] for line in target["line_items"]] == ["1.00", "3.00"]


def test_a_document_type_is_refused_before_the_parser_of_the_libraries_sees_it(monkeypatch):
    from lxml import etree

    monkeypatch.setattr(etree, "fromstring", None)
    with pytest.raises(ValueError, match="declares a document type"):
        target_of_xml(b"<!DOCTYPE Invoice><Invoice/>")
