"""What the checker of the patched reward says to each known mistake."""

HINTS = {
    "missing passes": "a row that the answer lacks passes, and so does a sum that lacks a row. "
    "Then an answer that leaves out what is hard is never wrong. What the page prints must be "
    "there.",
    "only given rows": "only what the answer gives is looked at. Look from the other side, too: "
    "what the page prints and the answer lacks is a check that failed.",
    "mean over given keys": "this is the mean over the keys that the answer gives. It chooses its "
    "own checks, and one sure amount is enough. Count the printed fields as well, and the sum.",
    "missing always fails": "each missing field counts as failed. Many pages print no tax, or no "
    "subtotal: their truth loses, and inventing a row pays. Only what the page prints must be "
    "there; divide by the number of the checks, not by a fixed one.",
    "missing is 0": "a missing amount counts as 0. Where the page prints a tax of 0.00, leaving "
    "it out is not reading it. Ask whether the key is there.",
    "0.00 is missing": "an amount of 0.00 counts as missing: Decimal(0) is false. Ask with `in` "
    "whether the key is there.",
    "only printed rows": "only fields that the page prints are looked at. What the answer invents "
    "beside them must fail, too.",
    "tax of 0 passes": "a tax of 0.00 passes where the page prints no tax. It is made up like any "
    "other: without a row no amount passes. Mind that Decimal(0) is false.",
    "tax above 0": "that a tax must be above 0 closes one number, not the hole: a tax of 0.01 is "
    "invented as easily, and the truth of a page without tax loses. Compare with the page.",
    "total not 0": "that a total must not be 0 closes one number, not the hole: other amounts "
    "that add up are invented as easily. Compare with the page.",
    "only the sums": "only the sum is checked, and made-up amounts add up as well. Compare each "
    "with the page.",
    "no sums": "the sum is not checked. A field may have several rows, and the wrong one of them "
    "is told by the sum alone.",
    "no sum without a tax": "the sum is not checked where the answer gives no tax. Then the tax is "
    "0, and the sum tells the wrong one of several rows.",
    "no sum with the tax inside": "the sum is not checked where the page prints the row that "
    "TAX_INSIDE names. Then subtotal = total, and that tells the wrong one of several rows.",
    "either sum": "subtotal + tax = total or subtotal = total: an answer may choose what suits "
    "it. The page says which applies: by the row that TAX_INSIDE names.",
    "tax always on top": "the tax is always added. Where the row that TAX_INSIDE names is "
    "printed, the subtotal holds the tax: subtotal = total. (`TAX_INSIDE in page` is never true: "
    "a row is a pair.)",
    "somewhere on the page": "an amount passes if it stands anywhere on the page. Total, change "
    "and cash add up, too. Look at the row's label.",
    "labels by word": "a label is told by a word in it, but SUBTOTAL and ROUNDED TOTAL hold the "
    "word TOTAL. Take the field from ROW_LABELS.",
    "last row of a field": "a field may have several rows. A dict from field to amount keeps the "
    "last. Keep all of them.",
    "first row of a field": "a field may have several rows. Only the first is kept here. Keep all "
    "of them.",
    "largest row of a field": "a field may have several rows. Only the largest is kept here, but a "
    "total before rounding may be the smaller one. Keep all of them.",
    "smallest row of a field": "a field may have several rows. Only the smallest is kept here. "
    "Keep all of them.",
    "rows of a field added up": "a field may have several rows. They are added up here. The answer "
    "has to stand on one of them.",
    "every row of a field": "a field may have several rows, with different amounts. The answer "
    "has to stand on one of them, not on all.",
    "floats": "as floats 1.10 + 0.07 is not 1.17. Stay with Decimal, which is exact.",
    "within five cents": "differences of some cents are forgiven, so that an amount that stands "
    "nowhere passes. Decimals are exact: compare with ==.",
    "sum within five cents": "the sum may be some cents off. A total after rounding may stand on "
    "a row of its own, and is not the truth. Decimals are exact: compare with ==.",
    "as text": "amounts are compared as text. 10.60 and 10.6000 are the same Decimal.",
    "all or nothing": "a single mistake takes all the pay. Then an answer that is nearly right "
    "earns no more than nothing, and a policy cannot see the way. Return the share.",
    "share that fails": "this is the share of the checks that fail. Return what is kept.",
    "changes the answer": "your function writes into the answer. A policy is trained on what it "
    "wrote, not on what the reward made of it. Use answer.get, or a copy.",
    "uses up the page": "your function changes the list of rows. The next answer to the same page "
    "would find another page. Work on a copy.",
}
