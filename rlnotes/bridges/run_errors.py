"""What ends a run, each in one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accelerate import PartialState
from safetensors import SafetensorError

from rlnotes.bridges.rewards import RewardError
from rlnotes.bridges.run_settings import Refusal

# How torch says that its own file could not be written.
_WRITING = ("PytorchStreamWriter", "file write failed", "iostream error")


@dataclass
class Outcome:
    """The exit code: 0, 2 after a sentence, 130 after Control-C."""

    code: int = 0


@contextmanager
def explained(folder: Path, *, is_main: bool) -> Iterator[Outcome]:
    """Turn what may go wrong with a run into a sentence on stderr.

    What all processes find out is said by the main one; what one of them meets, by that
    one. Anything else is an error of ours and keeps its traceback.

    Args:
        folder: of the run.
        is_main: whether this is the main process.
    """
    outcome = Outcome()
    try:
        yield outcome
    except RewardError as error:
        outcome.code = _say(str(error))
    except Refusal as error:
        outcome.code = _say(str(error)) if is_main else 2
    except KeyboardInterrupt:
        outcome.code = 130
        if is_main:
            _say("interrupted: go on from the newest checkpoint with --resume")
    except (OSError, SafetensorError, RuntimeError) as error:
        if not _is_of_writing(error):
            raise
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        outcome.code = _say(f"cannot write to {folder}: {reason}")
    finally:
        PartialState().destroy_process_group()


def _is_of_writing(error: Exception) -> bool:
    return not isinstance(error, RuntimeError) or any(sign in str(error) for sign in _WRITING)


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
