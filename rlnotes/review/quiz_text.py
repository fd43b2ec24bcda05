"""A quiz in text, for a page without a kernel and for readers of a stored notebook."""

import re

from rlnotes.review.quiz_data import QuizData


def escaped(text: str) -> str:
    r"""The text, such that Markdown shows every sign as it is.

    Example:
        >>> escaped("pi* and r_t")
        'pi\\* and r\\_t'
    """
    return re.sub(r"([\\`*_$<>|\[\]~])", r"\\\1", text)


def markdown(data: QuizData) -> str:
    """Title, instruction, paragraph, prompts and options, as Markdown lists."""
    parts = [f"**{escaped(data.title)}.** {escaped(data.instruction)}"]
    if data.text:
        parts.append(escaped(data.text))
    parts.append(_prompts(data, escaped, "1. ", "    - "))
    return "\n\n".join(parts)


def answers(data: QuizData) -> list[tuple[str, str]]:
    """Of each item its prompt; and what is right and where it is shown, in Markdown."""
    pairs = []
    for item in data.items:
        right = " or ".join(f"**{escaped(option)}**" for option in item.right)
        where = f" (See {item.link.markdown()}.)" if item.link else ""
        pairs.append((item.prompt, right + where))
    return pairs


def plain_text(data: QuizData) -> str:
    """The same as plain text."""
    head = [f"{data.title}. {data.instruction}", *([data.text] if data.text else [])]
    return "\n".join([*head, _prompts(data, str, "- ", "    - ")])


def _prompts(data: QuizData, write, sign: str, inner: str) -> str:
    shared = data.items[0].options
    if all(item.options == shared for item in data.items):
        prompts = "\n".join(f"{sign}{write(item.prompt)}" for item in data.items)
        listed = "\n".join(f"- {write(option)}" for option in shared)
        return f"{prompts}\n\nTo choose from:\n\n{listed}"
    lines = []
    for item in data.items:
        lines.append(f"{sign}{write(item.prompt)}")
        lines += [f"{inner}{write(option)}" for option in item.options]
    return "\n".join(lines)
