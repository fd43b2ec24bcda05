"""Which names are of one seller, and how sellers are held out."""

import numpy as np
import pytest

from rlnotes.data.documents.sellers import held_out, seller_numbers


@pytest.mark.parametrize(
    ("name", "other", "one"),
    [
        ("BLUE INK SDN BHD", "Blue Ink", True),
        ("BLUE INK SDN. BHD. (12345-X)", "BLUE INK SDN BHD", True),
        ("BLUE INK [1234", "BLUE INK", True),
        ("BLUE INK (SHOP 1)", "BLUE INK", False),
        ("B L U E  I.N.K", "BLUE INK", True),
        ("THE BLUE INK STATIONERY", "THE BLEU INK STATIONARY", True),
        ("BLUE INK STATIONERY", "RED PEN STATIONERY", False),
        ("BLUE INK", "PINK PEN", False),
        ("SDN BHD", "SDN BHD", True),
        ("SDN BHD", "TRADING", False),
        ("...", "...", True),
        ("...", "---", False),
    ],
)
def test_names_of_one_seller_have_one_number(name, other, one):
    assert seller_numbers([name, "Quiet Garden", other]).tolist() == [0, 1, 0 if one else 2]


def test_a_branch_that_is_named_in_brackets_is_alike_if_the_name_is_long():
    names = ["GOLDEN HARVEST BAKERY AND CAFE (KL)", "GOLDEN HARVEST BAKERY AND CAFE"]
    assert seller_numbers(names).tolist() == [0, 0]


def test_no_name_has_no_number():
    assert seller_numbers([]).shape == (0,)


SELLERS = np.array([0, 1, 1, 2, 2, 2, 3, 4, 5, 6])


@pytest.mark.parametrize("seed", range(20))
def test_sellers_are_held_out_whole_and_not_too_many(seed):
    held = held_out(SELLERS, share=0.4, seed=seed)
    assert not set(SELLERS[held]) & set(SELLERS[~held])
    assert held.sum() == 4  # there are enough sellers with one receipt to fill up


def test_the_split_depends_on_the_seed_only():
    splits = {held_out(SELLERS, share=0.4, seed=seed).tobytes() for seed in [0, 0, 1, 2, 3]}
    assert 2 <= len(splits) <= 4
    assert (held_out(SELLERS, share=0.4, seed=7) == held_out(SELLERS, share=0.4, seed=7)).all()


def test_every_seller_can_be_held_out_but_one_that_is_too_large():
    held = [held_out(SELLERS, share=0.2, seed=seed) for seed in range(60)]
    assert set(SELLERS[np.any(held, axis=0)]) == {0, 1, 3, 4, 5, 6}


@pytest.mark.parametrize("sellers", [[], [3], [3, 3, 3], [1, 1, 2, 2]])
def test_too_few_sellers_are_refused(sellers):
    with pytest.raises(ValueError, match="sellers must leave some to hold out and some to keep"):
        held_out(np.array(sellers, dtype=np.int64), share=0.4, seed=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"share": 1.5}, r"share.*1\.5"), ({"seed": -1}, "seed.*-1"), ({"share": 1.0}, "sellers")],
)
def test_bad_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        held_out(SELLERS, **({"share": 0.4, "seed": 0} | arguments))
