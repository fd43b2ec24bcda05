"""Labels from electronic invoices: the XML alone, or embedded in a PDF.

Read are CII and UBL 2.1: Factur-X, ZUGFeRD 2, XRechnung, Peppol. They need the extra
`documents`. What the XML says is taken over, not checked: a wrong sum stays wrong.

A credit note has positive amounts, as the standard has it; that it is one does not
stand in the target. Prepaid amounts are positive and subtracted; the page prints them
with the opposite sign.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from rlnotes.data.documents.reading import without_messages
from rlnotes.data.documents.targets import as_target

# BT numbers of EN 16931
_FIELDS = {
    "BT-2": "date",
    "BT-5": "currency",
    "BT-106": "lines_total",
    "BT-107": "allowances",
    "BT-108": "charges",
    "BT-109": "subtotal",
    "BT-110": "tax",
    "BT-112": "total",
    "BT-113": "prepaid",
    "BT-114": "rounding",
    "BT-115": "payable",
}
_TAX_FIELDS = {"BT-119": "rate", "BT-116": "base", "BT-117": "tax"}
_LINE_FIELDS = {
    "BT-153": "description",
    "BT-129": "quantity",
    "BT-146": "unit_price",
    "BT-131": "amount",
}
# Lines that head or explain others are in no sum.
_LINE_KIND, _NOT_SUMMED = "EXT-FR-FE-163", ("GROUP", "INFORMATION")


def read_e_invoice(path: Path | str) -> dict | None:
    """Target of an electronic invoice; None for a PDF without XML in it.

    Args:
        path: an XML file or a PDF; the ending decides.

    Raises:
        ImportError: without the extra `documents`.
        ValueError: if the XML is broken, declares a document type, is no invoice or of
            an old or unknown kind, or does not follow its schema; or if two XML files
            in the PDF could be meant.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    content = path.read_bytes()
    if path.suffix.lower() != ".pdf":
        return target_of_xml(content)
    attached = _attached_xml(content)
    if len(attached) > 1:
        names = ", ".join(sorted(name for name, _ in attached))
        raise ValueError(f"two or more XML files could be the invoice: {names}")
    for name, xml in attached:
        try:
            return target_of_xml(xml)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return None


def target_of_xml(xml: bytes) -> dict:
    """Target of an invoice in CII or UBL 2.1, see `read_e_invoice`."""
    import facturx  # here, as only these readers need the extra

    root = _parse(xml)
    try:
        kind = facturx.get_flavor(root)
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(f"no invoice: its XML begins with {root.tag}") from error
    if kind == "zugferd":
        raise ValueError("ZUGFeRD 1 is not read, only version 2 and later")
    if kind == "order-x":
        raise ValueError("no invoice but an order (Order-X)")
    try:
        with without_messages("factur-x"):
            facts = facturx.parse_ubl_cii_xml(root, flavor=kind, date_as="string")
    except Exception as error:
        raise ValueError(f"refused by factur-x: {error}") from error
    return target_from_totals(facts)


def target_from_totals(facts: Mapping) -> dict:
    """Target in canonical form from facts by their number in EN 16931.

        {"BG-4": {"name": "A Ltd"}, "BT-2": "2018-03-05", "BT-5": "EUR", "BT-106": "50",
         "BT-112": "59.5", "BG-23": [{"BT-119": "19", ...}], "BG-25": [{"BT-131": ...}]}

    Args:
        facts: seller in BG-4, totals BT-106 to BT-115, taxes in BG-23, lines in BG-25;
            all but seller, date, currency and BT-112 are optional.

    Raises:
        ValueError: if one of those is missing, or a number cannot be read.
    """
    seller = facts.get("BG-4") or {}
    rows = (("tax_breakdown", "BG-23", _TAX_FIELDS), ("line_items", "BG-25", _LINE_FIELDS))
    values = {"vendor": seller.get("name") or seller.get("biz_name")}
    values |= {name: facts.get(number) for number, name in _FIELDS.items()}
    for name, group, fields in rows:
        counted = [row for row in facts.get(group) or () if row.get(_LINE_KIND) not in _NOT_SUMMED]
        values[name] = [_renamed(row, fields) for row in counted] or None
    return as_target(values)


def _renamed(row: Mapping, fields: Mapping[str, str]) -> dict:
    return {name: row.get(number) for number, name in fields.items()}


def _attached_xml(pdf: bytes) -> list[tuple[str, bytes]]:
    """XML files in a PDF. `facturx.get_xml_from_pdf` would take the first by name."""
    import pypdf

    try:
        with without_messages("pypdf"):
            attachments = pypdf.PdfReader(BytesIO(pdf)).attachment_list
            return [(f.name, f.content) for f in attachments if _is_xml(f.name)]
    except Exception as error:
        raise ValueError(f"the files in this PDF cannot be read: {error}") from error


def _is_xml(name: str) -> bool:
    return name.lower().endswith(".xml")


def _parse(xml: bytes):
    from lxml import etree

    _refuse_document_type(xml)
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"broken XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("the XML declares a document type: invoices need none")
    return root


def _refuse_document_type(xml: bytes) -> None:
    """Stop at a DOCTYPE before any entity in it is used."""

    def refuse(*_):
        raise ValueError("the XML declares a document type: invoices need none")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise ValueError(f"broken XML: {error}") from error
