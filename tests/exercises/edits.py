"""An answer as a reader types it, with one piece of its text exchanged."""

from collections.abc import Callable


def edited(source: str, *pieces: str) -> Callable:
    """The last function of a source text in which pieces are exchanged.

    Args:
        source: text of functions; the last one is returned.
        pieces: old, new, old, new, ...; each old one must stand there exactly once.
    """
    for old, new in zip(pieces[::2], pieces[1::2], strict=True):
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the text"
        source = source.replace(old, new)
    namespace: dict = {}
    exec("import numpy as np\nimport torch\n" + source, namespace)
    return [value for value in namespace.values() if callable(value)][-1]
