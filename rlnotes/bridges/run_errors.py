"""What ends a run, each in one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rlnotes.bridges.processes import is_main, the_state
from rlnotes.bridges.rewards import RewardError
from rlnotes.bridges.run_settings import Refusal

# How a file that could not be written is called by the libraries in Rust, and by torch.
_WRITING = ("(os error ", "PytorchStreamWriter", "inline_container", "iostream error")
# How gloo says that it waits for a process that is no more.
_OTHER_ENDED = ("Connection closed by peer", "Connection reset by peer")

# How torch says that it cannot draw a token: logits have become inf or NaN.
_NO_NUMBERS = "probability tensor contains either"


@dataclass
class Outcome:
    """The exit code: 0, 2 after a sentence, 130 after Control-C."""

    code: int = 0


@contextmanager
def explained(folder: Path) -> Iterator[Outcome]:
    """Turn what may go wrong with a run into a sentence on stderr.

    What all processes find out is said by the main one; what one of them meets, by that
    one. Anything else is an error of ours and keeps its traceback.

    Args:
        folder: of the run.
    """
    outcome = Outcome()
    try:
        yield outcome
    except RewardError as error:
        outcome.code = _say(str(error))
    except Refusal as error:
        outcome.code = _say(str(error)) if is_main() else 2
        the_state().wait_for_everyone()  # or the first to end stops the one that speaks
    except KeyboardInterrupt:
        outcome.code = 130
        if is_main():
            _say("interrupted: go on from the newest checkpoint with --resume")
    except Exception as error:
        outcome.code = _say(_sentence(error, folder))
    finally:
        the_state().destroy_process_group()


def _sentence(error: Exception, folder: Path) -> str:
    """What is to be said of an error that is none of ours; else it is raised again."""
    text = str(error)
    if isinstance(error, RuntimeError) and any(sign in text for sign in _OTHER_ENDED):
        return "another process has ended, and so does this one"
    if isinstance(error, RuntimeError) and _NO_NUMBERS in text:
        return (
            "the model's logits are no longer numbers, so no answer can be drawn: "
            "learning_rate is too large, or a reward is"
        )
    if not isinstance(error, OSError) and not any(sign in text for sign in _WRITING):
        raise error
    reason = getattr(error, "strerror", None) or text.partition("\n")[0]
    return f"cannot write to {folder}: {reason}"


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
