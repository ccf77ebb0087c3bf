"""How far the training had come that wrote a checkpoint."""

import math
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint
from vsslbox.checkpoints.shares import REST
from vsslbox.checkpoints.starts import STARTED, marked_start

__all__ = ['ITERATIONS', 'checkpoints_in', 'is_resumable']

# Where a checkpoint says how many iterations an epoch had: `meta['run'][ITERATIONS]`.
ITERATIONS = 'iterations in an epoch'

_WRITTEN_BY_TRAINING = re.compile(r'((epoch|iter)_\d+|recent)\.pth')


def checkpoints_in(folder: str | PathLike) -> list[Path]:
    """Return the checkpoints that training wrote into a work directory, the furthest first.

    The order is that of the epochs done, which the files state: times change when a folder is
    copied, and numbers of iterations when the batch size does. Files that have the name of a
    checkpoint but cannot be read or resumed stand at the beginning, so that a reader notices them.
    Those of an earlier training, before the last one that started anew there, are left out.
    """
    started = marked_start(folder)
    paths = sorted(Path(folder).glob('*.pth'))
    found = {path: done for path in paths if (done := _progress(path, started))}
    return sorted(found, key=found.__getitem__, reverse=True)


def is_resumable(checkpoint: Mapping[str, Any]) -> bool:
    """Return whether a checkpoint holds the state of a training, beside weights."""
    return 'message_hub' in checkpoint and 'iter' in checkpoint.get('meta', ())


def _progress(path: Path, started: str | None) -> tuple[float, ...]:
    """Return the epochs done, with fractions, and those completed; nothing for other files."""
    try:
        checkpoint = load_checkpoint(path / REST if path.is_dir() else path, 'meta')
    except CheckpointError:
        checkpoint = {}
    if not is_resumable(checkpoint):
        return (math.inf,) if _WRITTEN_BY_TRAINING.fullmatch(path.name) else ()
    meta = checkpoint['meta']
    if started is not None and meta.get(STARTED) != started:
        return ()
    length = meta.get('run', {}).get(ITERATIONS)
    return (meta['iter'] / length if length else meta['epoch'], meta['epoch'])
