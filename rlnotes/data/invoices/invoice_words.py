"""What invoices call things: one wording for each layout of invoices."""

from dataclasses import dataclass, field

_GERMAN_PROSE = """
Wir danken für Ihren Auftrag und berechnen die folgenden Leistungen wie vereinbart.
Die Ware bleibt bis zur vollständigen Bezahlung unser Eigentum.
Bitte geben Sie bei der Überweisung die Rechnungsnummer und die Kundennummer an.
Reklamationen melden Sie bitte innerhalb von 8 Tagen nach Erhalt der Lieferung.
Die Lieferung erfolgte frei Haus durch unseren eigenen Fuhrpark an die genannte Anschrift.
Bei Rückfragen erreichen Sie uns werktags von 8 bis 17 Uhr unter der genannten Nummer.
Es gelten unsere allgemeinen Geschäftsbedingungen in der bei Bestellung gültigen Fassung.
Für verspätete Zahlungen berechnen wir Zinsen in Höhe von 9 Prozent über dem Basiszins.
Unsere neue Preisliste senden wir Ihnen auf Wunsch gern zu.
Erfüllungsort und Gerichtsstand ist der Sitz des Verkäufers, soweit das Gesetz es zulässt.
Verpackungen nehmen wir kostenlos zurück, wenn sie sauber und nach Stoffen getrennt sind.
Diese Rechnung wurde maschinell erstellt und ist ohne Unterschrift gültig.
"""
_ENGLISH_PROSE = """
Thank you for your order; we invoice the goods and services listed here as agreed.
Goods remain our property until they have been paid for in full.
Please quote the invoice number and your customer number with your transfer.
Claims must reach us within 8 days after the goods have been delivered.
Deliveries were made by our own vans to the address given above, free of charge.
If anything is unclear, call us on working days between 8 and 17 hours at the number given.
Our general terms of business apply in the version that was valid when you ordered.
Late payments bear interest of 9 percent over the base rate, counted from the due date.
Our new list of prices can be sent to you at any time; a short note will do.
Place of performance is the seat of the seller, as far as the law allows it.
We take packaging back free of charge if it is clean and sorted by material.
This document was made by a machine and is valid without a signature.
"""


@dataclass(frozen=True)
class InvoiceWords:
    """Labels of one layout; where there are several, one is drawn.

    Attributes:
        title: what the paper calls itself.
        cancelling: the same where it takes back another invoice.
        labels: of the numbers, dates and sums, by name.
        columns: heads of the columns of goods, by name.
        units: what one piece, and what one hour or part of a thing, is called.
        terms: payment terms with {due} and {code}, and a cash discount {discount}.
        prose: sentences for the free text.
        page: "page" before its number.
    """

    title: str
    cancelling: str
    labels: dict[str, tuple[str, ...]]
    columns: dict[str, str]
    units: tuple[str, str]
    terms: str
    page: str
    prose: tuple[str, ...] = field(repr=False)


GERMAN = InvoiceWords(
    title="Rechnung",
    cancelling="Stornorechnung",
    labels={
        "number": ("Rechnungsnummer:", "Rechnung Nr.:", "Beleg-Nr.:"),
        "date": ("Rechnungsdatum:", "Datum:", "Belegdatum:"),
        "delivery": ("Lieferdatum:", "Leistungsdatum:"),
        "due": ("Fällig am:", "Zahlbar bis:"),
        "customer": ("Kundennummer:", "Kunden-Nr.:"),
        "order": ("Bestellnummer:", "Ihre Bestellung:"),
        "currency": ("Währung:",),
        "contact": ("Telefon:",),
        "seller": ("Verkäufer:", "Lieferant:"),
        "buyer": ("Käufer:", "Rechnungsempfänger:"),
        "lines_total": ("Positionssumme", "Summe der Positionen"),
        "allowances": ("Rabatt", "Gesamtbetrag der Abschläge"),
        "charges": ("Gesamtbetrag der Zuschläge", "Versandkosten"),
        "subtotal": ("Rechnungssumme ohne USt.", "Nettobetrag", "Summe netto"),
        "tax": ("Steuerbetrag", "Umsatzsteuer", "USt. gesamt"),
        "total": ("Bruttosumme", "Rechnungsbetrag", "Gesamtbetrag brutto"),
        "prepaid": ("Erhaltene Anzahlungen", "Abzüglich Anzahlung"),
        "rounding": ("Rundung", "Rundungsbetrag"),
        "payable": ("Zahlbetrag", "Zu zahlender Betrag"),
        "breakdown": ("Umsatzsteueraufschlüsselung",),
        "rate": ("Steuersatz %",),
        "base": ("Basisbetrag",),
        "rate_tax": ("Steuerbetrag",),
    },
    columns={
        "position": "Pos",
        "code": "Art-Nr",
        "description": "Beschreibung",
        "quantity": "Menge",
        "price": "Einzelpreis",
        "rate": "USt.",
        "amount": "Nettobetrag",
    },
    units=("Stk", "Std"),
    terms="Zahlbar bis {due} ohne Abzug, bis {early} mit 2 % Skonto, das sind {discount} {code}.",
    page="Seite",
    prose=tuple(_GERMAN_PROSE.strip().split("\n")),
)
PLAIN = InvoiceWords(
    title="INVOICE",
    cancelling="CANCELLATION",
    labels={
        "number": ("Invoice number", "Invoice no."),
        "date": ("Invoice date", "Date of issue"),
        "delivery": ("Delivery date", "Date of supply"),
        "due": ("Due date", "Payment due"),
        "customer": ("Customer number", "Account"),
        "order": ("Order number", "Your reference"),
        "currency": ("Currency",),
        "contact": ("Phone",),
        "seller": ("From", "Seller"),
        "buyer": ("Bill to", "Customer"),
        "lines_total": ("Sum of lines", "Items total"),
        "allowances": ("Discount", "Total discounts"),
        "charges": ("Shipping", "Total surcharges"),
        "subtotal": ("Subtotal", "Net amount", "Total excl. VAT"),
        "tax": ("VAT", "Total VAT"),
        "total": ("Total", "Invoice total", "Total incl. VAT"),
        "prepaid": ("Paid to date", "Less prepayment"),
        "rounding": ("Rounding",),
        "payable": ("Amount due", "Balance due"),
        "breakdown": ("VAT summary",),
        "rate": ("Rate %",),
        "base": ("Net",),
        "rate_tax": ("VAT",),
    },
    columns={
        "position": "#",
        "code": "Item",
        "description": "Description",
        "quantity": "Qty",
        "price": "Unit price",
        "rate": "VAT",
        "amount": "Amount",
    },
    units=("pcs", "h"),
    terms="Payment is due by {due}; paying by {early} earns 2 % or {discount} {code}.",
    page="Page",
    prose=tuple(_ENGLISH_PROSE.strip().split("\n")),
)
LETTER = InvoiceWords(
    title="Invoice",
    cancelling="Credit of an invoice",
    labels={
        "number": ("Invoice", "Our ref."),
        "date": ("Dated", "Date"),
        "delivery": ("Delivered on", "Work finished"),
        "due": ("Please pay by", "Terms end"),
        "customer": ("Client", "Client no."),
        "order": ("Your order", "PO"),
        "currency": ("All amounts in",),
        "contact": ("Telephone",),
        "seller": ("Supplier",),
        "buyer": ("To",),
        "lines_total": ("Goods and services", "Lines"),
        "allowances": ("Less trade discount", "Trade discount"),
        "charges": ("Carriage", "Handling"),
        "subtotal": ("Net total", "Total before tax"),
        "tax": ("Sales tax", "Tax"),
        "total": ("Gross total", "Total with tax"),
        "prepaid": ("Deposit received", "Already paid"),
        "rounding": ("Rounded by",),
        "payable": ("Left to pay", "Now due"),
        "breakdown": ("Tax by rate",),
        "rate": ("Tax rate",),
        "base": ("On",),
        "rate_tax": ("Tax",),
    },
    columns={
        "position": "No.",
        "code": "Code",
        "description": "Goods or service",
        "quantity": "Quantity",
        "price": "Each",
        "rate": "Tax",
        "amount": "Line total",
    },
    units=("off", "hrs"),
    terms="Kindly pay by {due}. Settling by {early} saves you 2 %, which is {discount} {code}.",
    page="Sheet",
    prose=PLAIN.prose,
)
LEDGER = InvoiceWords(
    title="Statement of charges",
    cancelling="Reversal of charges",
    labels={
        "number": ("Document", "Voucher"),
        "date": ("Drawn up", "Written"),
        "delivery": ("Fulfilled", "Handed over"),
        "due": ("Settle before", "Deadline"),
        "customer": ("Ledger", "Debtor"),
        "order": ("Requisition", "Instruction"),
        "currency": ("Unit of account",),
        "contact": ("Switchboard",),
        "seller": ("Issued by", "Creditor"),
        "buyer": ("Charged to", "Recipient"),
        "lines_total": ("Entries added up", "All entries"),
        "allowances": ("Rebates granted", "Reductions"),
        "charges": ("Additions", "Extra cost"),
        "subtotal": ("Taxable value", "Worth without levy"),
        "tax": ("Levy", "Levy in all"),
        "total": ("Claim with levy", "Full claim"),
        "prepaid": ("Received earlier", "Credited"),
        "rounding": ("Cent correction",),
        "payable": ("Outstanding", "Open claim"),
        "breakdown": ("Levy per class",),
        "rate": ("Class",),
        "base": ("Value",),
        "rate_tax": ("Levied",),
    },
    columns={
        "position": "Entry",
        "code": "Key",
        "description": "Subject",
        "quantity": "Units",
        "price": "Per unit",
        "rate": "Class",
        "amount": "Value",
    },
    units=("ea", "hr"),
    terms="The claim falls due on {due}; on payment before {early} waive {discount} {code}.",
    page="Leaf",
    prose=PLAIN.prose,
)
