"""Small electronic invoices of our own making.

50.00 + 30.00, 10 % off, 19 % tax on 72.00, 20.00 paid before, rounded by a cent.
"""

LINES = (("Tea, green", "2", "25.00", "50.00"), ("Cup", "4", "7.5000", "30"))

CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice
 xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
 <ram:ID>urn:cen.eu:en16931:2017</ram:ID>
</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument>
 <ram:ID>7</ram:ID><ram:TypeCode>TYPE</ram:TypeCode>
 <ram:IssueDateTime>
  <udt:DateTimeString format="102">20180305</udt:DateTimeString>
 </ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>LINES
 <ram:ApplicableHeaderTradeAgreement>
  <ram:SellerTradeParty><ram:Name>Tea &amp; Cup Ltd</ram:Name>
   <ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
  </ram:SellerTradeParty>
  <ram:BuyerTradeParty><ram:Name>Ann</ram:Name>
   <ram:PostalTradeAddress><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
  </ram:BuyerTradeParty>
 </ram:ApplicableHeaderTradeAgreement>
 <ram:ApplicableHeaderTradeDelivery/>
 <ram:ApplicableHeaderTradeSettlement>
  <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
  <ram:ApplicableTradeTax>
   <ram:CalculatedAmount>13.68</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
   <ram:BasisAmount>72</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>
   <ram:RateApplicablePercent>19.00</ram:RateApplicablePercent>
  </ram:ApplicableTradeTax>
  <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
   <ram:LineTotalAmount>80.0</ram:LineTotalAmount>
   <ram:AllowanceTotalAmount>8.00</ram:AllowanceTotalAmount>
   <ram:TaxBasisTotalAmount>72</ram:TaxBasisTotalAmount>
   <ram:TaxTotalAmount currencyID="EUR">13.68</ram:TaxTotalAmount>
   <ram:RoundingAmount>-0.01</ram:RoundingAmount>
   <ram:GrandTotalAmount>85.68</ram:GrandTotalAmount>
   <ram:TotalPrepaidAmount>20</ram:TotalPrepaidAmount>
   <ram:DuePayableAmount>65.67</ram:DuePayableAmount>
  </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
 </ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""
CII_LINE = """
 <ram:IncludedSupplyChainTradeLineItem>
  <ram:AssociatedDocumentLineDocument>
   <ram:LineID>1</ram:LineID>
  </ram:AssociatedDocumentLineDocument>
  <ram:SpecifiedTradeProduct><ram:Name>{}</ram:Name></ram:SpecifiedTradeProduct>
  <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>
   <ram:ChargeAmount>{}</ram:ChargeAmount>
  </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
  <ram:SpecifiedLineTradeDelivery>
   <ram:BilledQuantity unitCode="C62">{}</ram:BilledQuantity>
  </ram:SpecifiedLineTradeDelivery>
  <ram:SpecifiedLineTradeSettlement>
   <ram:ApplicableTradeTax>
    <ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>
   </ram:ApplicableTradeTax>
   <ram:SpecifiedTradeSettlementLineMonetarySummation>
    <ram:LineTotalAmount>{}</ram:LineTotalAmount>
   </ram:SpecifiedTradeSettlementLineMonetarySummation>
  </ram:SpecifiedLineTradeSettlement>
 </ram:IncludedSupplyChainTradeLineItem>"""
UBL = """<ROOT xmlns="urn:oasis:names:specification:ubl:schema:xsd:ROOT-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
<cbc:ID>7</cbc:ID><cbc:IssueDate>2018-03-05</cbc:IssueDate>
<cbc:ROOTTypeCode>TYPE</cbc:ROOTTypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party>
 <cac:PartyName><cbc:Name>Tea House</cbc:Name></cac:PartyName>
 <cac:PartyLegalEntity>
  <cbc:RegistrationName>Tea &amp; Cup Ltd</cbc:RegistrationName>
 </cac:PartyLegalEntity>
</cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party/></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">13.68</cbc:TaxAmount>
 <cac:TaxSubtotal>
  <cbc:TaxableAmount currencyID="EUR">72</cbc:TaxableAmount>
  <cbc:TaxAmount currencyID="EUR">13.68</cbc:TaxAmount>
  <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>
   <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
  </cac:TaxCategory>
 </cac:TaxSubtotal>
</cac:TaxTotal>
<cac:LegalMonetaryTotal>
 <cbc:LineExtensionAmount currencyID="EUR">80.0</cbc:LineExtensionAmount>
 <cbc:TaxExclusiveAmount currencyID="EUR">72</cbc:TaxExclusiveAmount>
 <cbc:TaxInclusiveAmount currencyID="EUR">85.68</cbc:TaxInclusiveAmount>
 <cbc:AllowanceTotalAmount currencyID="EUR">8.00</cbc:AllowanceTotalAmount>
 <cbc:PrepaidAmount currencyID="EUR">20</cbc:PrepaidAmount>
 <cbc:PayableRoundingAmount currencyID="EUR">-0.01</cbc:PayableRoundingAmount>
 <cbc:PayableAmount currencyID="EUR">65.67</cbc:PayableAmount>
</cac:LegalMonetaryTotal>LINES
</ROOT>
"""
UBL_LINE = """
<cac:ROOTLine><cbc:ID>1</cbc:ID>
 <cbc:QUANTITY unitCode="C62">{2}</cbc:QUANTITY>
 <cbc:LineExtensionAmount currencyID="EUR">{3}</cbc:LineExtensionAmount>
 <cac:Item><cbc:Name>{0}</cbc:Name></cac:Item>
 <cac:Price><cbc:PriceAmount currencyID="EUR">{1}</cbc:PriceAmount></cac:Price>
</cac:ROOTLine>"""
TARGET = {
    "vendor": "Tea & Cup Ltd",
    "date": "2018-03-05",
    "currency": "EUR",
    "lines_total": "80.00",
    "allowances": "8.00",
    "subtotal": "72.00",
    "tax": "13.68",
    "total": "85.68",
    "prepaid": "20.00",
    "rounding": "-0.01",
    "payable": "65.67",
    "tax_breakdown": [{"rate": "19", "base": "72.00", "tax": "13.68"}],
    "line_items": [
        {"description": "Tea, green", "quantity": "2", "unit_price": "25.00", "amount": "50.00"},
        {"description": "Cup", "quantity": "4", "unit_price": "7.50", "amount": "30.00"},
    ],
}


def cii(kind: str = "380") -> str:
    """The invoice in CII, as in Factur-X and ZUGFeRD 2."""
    lines = "".join(CII_LINE.format(name, price, n, sum_) for name, n, price, sum_ in LINES)
    return CII.replace("LINES", lines).replace("TYPE", kind)


def ubl(root: str = "Invoice", kind: str = "380") -> str:
    """The invoice, or a credit note, in UBL 2.1."""
    quantity = "InvoicedQuantity" if root == "Invoice" else "CreditedQuantity"
    lines = "".join(UBL_LINE.format(name, price, n, sum_) for name, n, price, sum_ in LINES)
    text = UBL.replace("LINES", lines).replace("QUANTITY", quantity)
    return text.replace("ROOT", root).replace("TYPE", kind)
