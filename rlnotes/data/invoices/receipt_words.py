"""What tills call things: one wording for each layout of receipts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceiptWords:
    """Alternatives for each label; `{rate}` is the tax rate in percent.

    Attributes:
        title: what the paper calls itself.
        number: before the receipt's number.
        date: before the date.
        cashier: before the cashier's name.
        columns: heads of the columns of goods, from left to right.
        lines_total: sum of the goods before discounts and surcharges.
        allowances: discount on the whole receipt.
        charges: surcharge.
        subtotal: sum before tax or rounding.
        tax: tax row.
        rounding: what rounding adds.
        total: what the goods cost in the end.
        prepaid: paid before.
        payable: what is left to pay.
        given: money handed over.
        change: money handed back.
        count: number of things bought.
        summary: heads of the table of tax by rate: title, base, tax, both.
        summed: last row of that table.
    """

    title: tuple[str, ...]
    number: tuple[str, ...]
    date: tuple[str, ...]
    cashier: tuple[str, ...]
    columns: tuple[str, ...]
    lines_total: tuple[str, ...]
    allowances: tuple[str, ...]
    charges: tuple[str, ...]
    subtotal: tuple[str, ...]
    tax: tuple[str, ...]
    rounding: tuple[str, ...]
    total: tuple[str, ...]
    prepaid: tuple[str, ...]
    payable: tuple[str, ...]
    given: tuple[str, ...]
    change: tuple[str, ...]
    count: tuple[str, ...]
    summary: tuple[str, str, str, str]
    summed: tuple[str, ...]


TILL = ReceiptWords(
    title=("TAX INVOICE", "SIMPLIFIED TAX INVOICE", "CASH RECEIPT"),
    number=("RECEIPT NO :", "DOC NO. :", "INVOICE NO :"),
    date=("DATE :", "DATE:"),
    cashier=("CASHIER :", "CASHIER:"),
    columns=("CODE&DESC", "QTY", "PRICE", "AMOUNT(RM)"),
    lines_total=("ITEMS TOTAL", "TOTAL GOODS"),
    allowances=("DISCOUNT", "LESS DISCOUNT"),
    charges=("SERVICE CHARGE 10%", "SVC CHARGE"),
    subtotal=("SUBTOTAL", "SUB-TOTAL", "SUB TOTAL :"),
    tax=("GST {rate}%", "TOTAL GST", "GST @ {rate}% :"),
    rounding=("ROUNDING ADJ :", "ROUNDING", "ROUNDING ADJUSTMENT"),
    total=("TOTAL", "TOTAL INCL. GST", "TOTAL RM", "NET TOTAL"),
    prepaid=("DEPOSIT PAID", "VOUCHER"),
    payable=("BALANCE DUE", "BALANCE TO PAY"),
    given=("CASH", "CASH (MYR)"),
    change=("CHANGE",),
    count=("TOTAL QTY :", "ITEM COUNT"),
    summary=("GST SUMMARY", "AMOUNT(RM)", "TAX(RM)", "TOTAL(RM)"),
    summed=("TOTAL :",),
)
COUNTER = ReceiptWords(
    title=("CASH BILL", "TAX INVOICE", "INVOICE"),
    number=("BILL NO:", "INV NO.:", "SLIP NO.:"),
    date=("DATE:", "BILL DATE:", "DATE"),
    cashier=("STAFF:", "SALES PERSON :"),
    columns=("ITEM", "QTY", "U/P", "RM"),
    lines_total=("GROSS AMOUNT", "TOTAL BEFORE DISC"),
    allowances=("BILL DISC", "DISC"),
    charges=("SERVICE CHG (10%)", "SERV. CHARGE"),
    subtotal=("SUBTOTAL:", "SUB TOTAL", "SUBTOTAL"),
    tax=("GST ({rate}%)", "TAX {rate}%", "GST AMOUNT"),
    rounding=("ROUND ADJ", "ROUNDING:", "5 SEN ADJ"),
    total=("GRAND TOTAL", "TOTAL :", "TOTAL AMOUNT", "TOTAL (RM)"),
    prepaid=("LESS DEPOSIT", "DEPOSIT"),
    payable=("AMOUNT DUE", "NET DUE"),
    given=("CASH :", "PAID AMOUNT", "CASH RECEIVED"),
    change=("CHANGE :", "CHANGE DUE"),
    count=("TOTAL ITEMS:", "NO. OF ITEMS :"),
    summary=("GST ANALYSIS", "AMT(RM)", "GST(RM)", "GROSS(RM)"),
    summed=("TOTAL",),
)
CAFE = ReceiptWords(
    title=("RECEIPT", "GUEST CHECK", "TAX INVOICE"),
    number=("CHECK #", "ORDER NO:", "BILL #"),
    date=("PRINTED :", "DATE/TIME :", "TIME:"),
    cashier=("SERVED BY:", "SERVER :"),
    columns=("DESCRIPTION", "", "", "TOTAL RM"),
    lines_total=("FOOD & DRINKS", "SALES TOTAL"),
    allowances=("PROMO DISCOUNT", "MEMBER DISC"),
    charges=("SERVICE CHARGE (10%)", "SVC 10%"),
    subtotal=("SUBTOTAL", "SUB.TOTAL"),
    tax=("TAX {rate}%", "GST {rate}.00%", "GST TOTAL"),
    rounding=("ROUNDED", "ROUNDING", "BILL ROUNDING"),
    total=("TOTAL DUE", "TOTAL PAYABLE", "TOTAL"),
    prepaid=("DEPOSIT RECEIVED", "GIFT VOUCHER"),
    payable=("BALANCE", "BALANCE PAYABLE"),
    given=("CASH", "TENDERED", "CASH TENDER"),
    change=("CHANGE", "CHANGE DUE"),
    count=("TOTAL ITEMS", "ITEMS"),
    summary=("GST CODE", "SALES", "GST", "GROSS"),
    summed=("ALL CODES",),
)
COUNTERFOIL = ReceiptWords(
    title=("OFFICIAL RECEIPT", "SALES MEMO"),
    number=("MEMO", "REFERENCE"),
    date=("ISSUED ON", "ISSUED"),
    cashier=("OPERATOR", "DESK"),
    columns=("SUM RM", "PARTICULARS", "EACH", "UNITS"),
    lines_total=("GOODS VALUE", "SUM OF GOODS"),
    allowances=("REBATE", "PRICE REDUCTION"),
    charges=("SURCHARGE", "TABLE SERVICE"),
    subtotal=("RUNNING SUM", "AMOUNT SO FAR"),
    tax=("GOVT DUTY {rate}%", "DUTY {rate} PCT"),
    rounding=("CENT CORRECTION", "ROUND-OFF"),
    total=("BILL AMOUNT", "AMOUNT OF SALE", "YOU PAY"),
    prepaid=("PAID IN ADVANCE", "ADVANCE"),
    payable=("STILL OWED", "REMAINING"),
    given=("MONEY IN", "NOTES & COINS"),
    change=("MONEY BACK", "RETURNED"),
    count=("PIECES", "UNITS SOLD"),
    summary=("DUTY TABLE", "NET (RM)", "DUTY (RM)", "BOTH (RM)"),
    summed=("SUM",),
)
