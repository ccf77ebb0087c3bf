"""What is said when another process of a run ends or falls silent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from mmengine.dist import get_dist_info

from vsslbox.compat import tells_of_lost_process
from vsslbox.errors import InputError, VSSLBoxError

__all__ = ['ProcessLostError', 'patience', 'tell_of_lost_processes']

_KEY = '`env_cfg.dist_cfg.timeout`'


class ProcessLostError(VSSLBoxError, RuntimeError):
    """Another process of the run ended, or did not answer in time."""


def patience(env_cfg: Mapping[str, Any] | None) -> timedelta | None:
    """Return how long a process waits for the others, from ``env_cfg``; None for torch's default.

    Raises:
        InputError: The time is no positive number of seconds.
    """
    seconds = ((env_cfg or {}).get('dist_cfg') or {}).get('timeout')
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise InputError(f'{_KEY} must be a positive number of seconds, got {seconds!r}')
    return timedelta(seconds=seconds)


@contextmanager
def tell_of_lost_processes() -> Iterator[None]:
    """Turn torch's errors of broken or silent connections into one that says what to do.

    Raises:
        ProcessLostError: Another process ended, or did not answer in time.
    """
    try:
        yield
    except RuntimeError as error:
        if not tells_of_lost_process(error):
            raise
        rank, world_size = get_dist_info()
        who = f'process {rank} of {world_size} (counted from 0)' if world_size > 1 else 'a process'
        raise ProcessLostError(
            f'{who} lost the others: one of them ended, or did not answer within {_KEY} seconds '
            f'(torch says: {str(error).splitlines()[0][:200]}). The message of the one that ended '
            'first tells why. To go on, start all of them again with --resume'
        ) from error
