"""Start processes as torchrun does, and end like them when a signal stops them.

python tools/launch.py --nproc-per-node NUM_PROC SCRIPT [ARGUMENTS OF THE SCRIPT]
"""

import os
import signal
import sys
import time
from types import FrameType

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main


def pass_on(number: int, frame: FrameType | None) -> None:
    """Make torchrun send a signal to its processes and wait for their end."""
    raise SignalException('', signal.Signals(number))


def run() -> int:
    """Return the exit status: that of the processes, or 128 plus a signal's number."""
    signal.signal(signal.SIGUSR1, pass_on)  # torchrun itself handles the others
    os.environ['VSSLBOX_LAUNCHED'] = str(time.time())  # see vsslbox/apis/restarts.py
    try:
        main()
    except SignalException as stopped:
        return 128 + stopped.sigval
    except ChildFailedError as failed:
        code = failed.get_first_failure()[1].exitcode
        if code <= 128:
            print(failed, file=sys.stderr)
        return code if code > 0 else 128 - code
    return 0


if __name__ == '__main__':
    sys.exit(run())
