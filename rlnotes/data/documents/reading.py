"""What a reader gives: the documents, and a record of everything it could not use."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rlnotes.data.documents.document import Document

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
INSTALL = 'pip install -c constraints.txt -e ".[documents]"'


class Problem(NamedTuple):
    """Something that was not read, or not as it should be.

    Attributes:
        name: the document's name.
        where: the file, and the line or page in it.
        message: what is wrong, as a sentence.
    """

    name: str
    where: str
    message: str


class Reading(NamedTuple):
    """Documents in the order of their sources, and the problems in the same order.

    A document with a problem may be there all the same, without its label for example:
    the message says what was left out.
    """

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()


def joined(readings: Iterable[Reading]) -> Reading:
    """All documents and all problems of several readings, in order."""
    readings = list(readings)
    return Reading(
        tuple(document for reading in readings for document in reading.documents),
        tuple(problem for reading in readings for problem in reading.problems),
    )


def failed(name: str, where: str, error: object) -> Reading:
    """No document and one problem."""
    return Reading(problems=(Problem(name, where, str(error)),))


def read_text(path: Path) -> str:
    """Text of a file in UTF-8, without a byte order mark.

    Raises:
        ValueError: if it is empty or in another encoding, which is named but not
            guessed: a wrong guess would change letters without a word.
        OSError: if it cannot be read.
    """
    text = decoded(path.read_bytes())
    if not text.strip():
        raise ValueError("the file is empty")
    return text


def decoded(content: bytes) -> str:
    """Text of bytes in UTF-8.

    Raises:
        ValueError: if they are not, with the encoding that they may be in.
    """
    if content.startswith(UTF_16_MARKS) or b"\0" in content:
        raise ValueError("not UTF-8 but probably UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise ValueError(
            f"not UTF-8 (byte 0x{byte:02x} at {error.start}) but perhaps Latin-1: save it as UTF-8"
        ) from error


def parsed(text: str) -> object:
    """Value of a text in JSON.

    Raises:
        ValueError: if it is none, or holds NaN, infinity, half a letter (a lone
            surrogate, which no file can hold), or more levels than can be read.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON: {error}") from error
    except UnicodeEncodeError as error:
        raise ValueError("a text in it holds half a letter (a lone surrogate)") from error
    except RecursionError as error:
        raise ValueError("broken JSON: too many levels") from error


def _refuse(constant: str):
    raise ValueError(f"numbers must be finite, got {constant}")


@contextmanager
def without_messages(*libraries: str) -> Iterator[None]:
    """No log of these libraries on the screen: what matters is raised or counted."""
    loggers = [logging.getLogger(name) for name in libraries]
    before = [(logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.propagate, logger.handlers[:] = False, [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers[:] = propagate, handlers
