"""Columns of the comparison as quizzes."""

import pytest

from rlnotes.review.comparison import load
from rlnotes.review.hidden_cells import quiz_of_column

COLUMNS = [name for name in load().columns if len(load().options(name)) > 1]


@pytest.mark.parametrize("column", COLUMNS)
def test_what_stands_in_the_table_is_right_and_all_else_is_not(column):
    quiz, standing = quiz_of_column(column), load().column(column)
    assert quiz.set(standing).check().passed
    for method, value in standing.items():
        for option in set(load().options(column)) - {value}:
            verdict = quiz.set(standing).answer(**{method: option}).check()
            assert verdict.score == len(standing) - 1
            sentence = load().methods[method].cells[column].sentence
            assert verdict[method].message == f"Not yet: {sentence}"


def test_an_open_quiz_tells_no_cell():
    quiz = quiz_of_column(COLUMNS[0])
    sentences = [m.cells[COLUMNS[0]].sentence for m in load().methods.values()]
    assert not any(sentence in str(quiz.check()) + repr(quiz) for sentence in sentences)


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*got 'colour'"):
        quiz_of_column("colour")
