"""Documents: lines of text with boxes, and readers for those of the reader's own.

`document`      one document: text segments, their boxes, their pages, and its label
`reading`       what a reader gives: documents, and problems with what it could not use
`segments`      words that stand close together on one line are one segment
`targets`       labels in their canonical form
`sroie`         receipts in the folders of the SROIE collection
`word_boxes`    words and boxes in JSON lines, read and written
`pdfs`          PDFs, with the label from an invoice in XML inside them
`e_invoices`    labels from Factur-X, ZUGFeRD 2, XRechnung, UBL
`folders`       all documents of a folder, whatever their kind
`receipt_rows`  amounts of a receipt with the words beside them
`receipt_totals`, `receipt_rules`   what a receipt says, read by rules

    documents, problems = read_folder("my_invoices")
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
