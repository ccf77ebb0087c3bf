"""Signals that ask a training to end."""

import os
import signal
import threading
import time
from types import FrameType

__all__ = ['StopSignals', 'TrainingStopped', 'ignore_stop_signals']

# Ctrl-C, the end of a job, and Slurm's notice that it is about to pre-empt one.
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
# A launcher passes on what its processes may have received already: that is one request.
_SAME_REQUEST = 1.0  # seconds


class TrainingStopped(SystemExit):
    """A signal ended the training after its checkpoint was saved; the exit code tells which."""


class StopSignals:
    """Remembers a signal, so that the training ends when it can be resumed; a second one kills.

    As a context, it restores the handlers of before at its end.

    Attributes:
        received: The number of the first signal received, 0 for none.
    """

    def __init__(self) -> None:
        self.received = 0
        self._received_at = 0.0
        self._handlers = {}

    def __enter__(self) -> 'StopSignals':
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Handle the signals from now on; until then they act as always."""
        if threading.current_thread() is threading.main_thread():  # only that one gets signals
            self._handlers = {n: signal.signal(n, self._receive) for n in _STOPPING}

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if not self.received:
            self.received, self._received_at = number, time.monotonic()
            if os.environ.get('RANK', '0') == '0':
                name = signal.Signals(number).name
                message = f'\n{name}: saving a checkpoint after this iteration; repeat it to kill\n'
                os.write(2, message.encode())  # print() may have been interrupted itself
        elif time.monotonic() - self._received_at > _SAME_REQUEST:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def ignore_stop_signals() -> None:
    """Leave stopping to the main process, in a worker of a data loader.

    A terminal and a launcher send signals to the workers too. SIGTERM keeps its effect: that is how
    torch ends a worker.
    """
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
