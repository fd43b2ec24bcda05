"""A time limit for code that may never end, where the system has an interval timer."""

import signal
import threading
from contextlib import contextmanager


class TimeUp(BaseException):
    """The time limit passed; no `Exception`, so `except Exception` lets it through."""


@contextmanager
def time_limit(seconds: float):
    """Raise `TimeUp` inside the block after this many seconds.

    Without effect on systems without SIGALRM (Windows) and outside the main thread:
    there an endless loop must be interrupted by hand. So must one that stays inside a
    single call of compiled code, such as `sum(range(10**12))`: Python looks for signals
    between its own steps only.
    """
    usable = hasattr(signal, "setitimer") and hasattr(signal, "SIGALRM")
    if not usable or threading.current_thread() is not threading.main_thread():
        yield
        return
    running = True

    def stop(_signal, _frame):
        if running:
            raise TimeUp

    previous = signal.signal(signal.SIGALRM, stop)
    # The interval repeats, for code that catches `TimeUp` once and goes on. A bare
    # `except` inside the endless loop itself catches every one: nothing helps there.
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        # The next signal may come before the first of these lines is done.
        while running:
            try:
                running = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            except TimeUp:
                continue
        signal.signal(signal.SIGALRM, previous)
