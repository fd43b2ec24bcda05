"""Sellers and buyers: invented names, streets and numbers."""

from dataclasses import dataclass

import numpy as np

from rlnotes.data.invoices.draws import chance, digits, pick, split_phrases, split_words, whole

_SHOP_NAMES = split_words("""
ALVERRA BELUMAT CANDORO DELIMAYO ELANGIRA FAJARUNA GEMITRA HARUMELA INDRALUX JATIMORA
KENARIO LUMAYANG MERAVIN NILAMEX ORKIDANA PUSPARIO QUINTARA RAMBUTEL SELASIRO TERBAYU
UTARIKA VISTARUM WARISTEL YAKINDRA ZAMRUDEO TANJORIN BAYUKARA CEMPALIA DAMARISA
KUNYITRA
""")
_SHOP_TRADES = split_phrases("""
HARDWARE|STATIONERY|MINI MARKET|TRADING|BAKERY|KOPITIAM|RESTAURANT|PHARMACY|ELECTRICAL
BOOK STORE|FURNISHING|AUTO PARTS|SEAFOOD RESTAURANT|HOME CENTRE|TEXTILE|GIFTS & TOYS
""")
_SHOP_FORMS = ("SDN BHD", "SDN. BHD.", "ENTERPRISE", "(M) SDN BHD", "SDN BHD", "& SONS", "")
_SHOP_STREETS = split_phrases("""
JALAN MERBAHAYU|JALAN SERULINA|JALAN TELUKARA|LORONG KEMBANGSA|JALAN PINANGRA
PERSIARAN LAMBAIYA|JALAN DUYUNGAN|JALAN CENDERUMA
""")
_SHOP_AREAS = ("TAMAN SERIRA", "BANDAR KELUMBA", "SEKSYEN MAYARA", "TAMAN DELIMUNA", "PUSAT RAYARU")
_SHOP_TOWNS = ("KOTA SERUMBAI", "BANDAR ALUMIN", "PEKAN TELASIH", "KUALA MERANDA", "BATU LINTARA")

_FIRM_NAMES = split_words("""
Quellmark Tarvenholt Brisgauer Lindmoor Ostravel Kaltenwies Hollersund Marvenbach
Nordquell Pellwitz Ravensund Silvermoor Thalgrund Ulmenroth Verdanis Wesperin
Ystermann Zellbrook Amberwick Corvendale Dunmarrow Elkenford Farrowgate Glenvarrick
Hartsmere Ivenstead
""")
_FIRM_TRADES = split_phrases("""
Metallbau|Druck|Logistik|Elektrotechnik|Software|Gartenbau|Medizintechnik|Werkzeuge
Printing|Logistics|Software|Tools|Interiors|Catering Supply|Instruments|Packaging
""")
_FIRM_FORMS = ("GmbH", "AG", "GmbH & Co. KG", "Ltd", "Limited", "B.V.", "Inc.", "e.K.")
_FIRM_STREETS = split_words("""
Quellweg Ostermoorstraße Zellgasse Ravensundallee Mühlgrundweg Amberlane Harrowmere
Corvengate Silberhofstraße Dunwickroad
""")
_FIRM_TOWNS = ("Altenquell", "Moorlingen", "Ravensfurt", "Zellstadt", "Harrowick", "Dunmere")


@dataclass(frozen=True)
class Party:
    """A seller or a buyer.

    Attributes:
        name: as printed on the page.
        address: lines of the address.
        registration: number in the register of firms.
        tax_number: number for the tax on goods.
        phone: telephone number.
        site: address on the web.
    """

    name: str
    address: tuple[str, ...]
    registration: str
    tax_number: str
    phone: str
    site: str


def draw_shop(generator: np.random.Generator) -> Party:
    """A shop that prints receipts, in capitals; name and numbers are invented."""
    stem = pick(generator, _SHOP_NAMES)
    form = pick(generator, _SHOP_FORMS)
    name = f"{stem} {pick(generator, _SHOP_TRADES)} {form}".strip()
    town = f"{digits(generator, 5)} {pick(generator, _SHOP_TOWNS)}"
    street = f"NO. {whole(generator, 1, 240)}, {pick(generator, _SHOP_STREETS)}"
    if chance(generator, 0.5):
        street += f" {whole(generator, 1, 30)}/{whole(generator, 1, 30)}"
    area = pick(generator, _SHOP_AREAS)
    address = (f"{street},", f"{area},", f"{town}.")
    if chance(generator, 0.45):
        address = (f"{street},", f"{area}, {town}.")
    letter = pick(generator, "AHKMPTUVWX")
    return Party(
        name=name,
        address=address,
        registration=f"{digits(generator, pick(generator, (6, 7)))}-{letter}",
        tax_number=f"00{digits(generator, 10)}",
        phone=f"0{whole(generator, 3, 9)}-{digits(generator, 4)} {digits(generator, 4)}",
        site=f"WWW.{stem}.EXAMPLE",
    )


def draw_firm(generator: np.random.Generator) -> Party:
    """A firm that writes invoices; name and numbers are invented."""
    stem = pick(generator, _FIRM_NAMES)
    name = f"{stem} {pick(generator, _FIRM_TRADES)} {pick(generator, _FIRM_FORMS)}"
    street = f"{pick(generator, _FIRM_STREETS)} {whole(generator, 1, 180)}"
    town = f"{digits(generator, 5)} {pick(generator, _FIRM_TOWNS)}"
    return Party(
        name=name,
        address=(street, town),
        registration=f"HRB {digits(generator, 5)}",
        tax_number=f"XX{digits(generator, 9)}",
        phone=f"0{digits(generator, 3)} {digits(generator, 6)}",
        site=f"www.{stem.lower()}.example",
    )
