"""Documents: lines of text with boxes, and readers for those of the reader's own.

`document`      one document: text segments, their boxes, their pages, and its label
"""
