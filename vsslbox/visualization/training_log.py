"""What a training logged, joined over its resumed parts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from vsslbox.errors import InputError

__all__ = ['TrainingLog', 'read_training_log']

Curves = dict[str, list[tuple[int, float]]]
"""Points (iteration, value) by the name of the scalar."""

POSITIONS = ('iter', 'epoch', 'step')


@dataclass
class TrainingLog:
    """The scalars of a training.

    Attributes:
        training: The curves of what training logged: losses, learning rates.
        validation: The curves of validation metrics, at the iterations after which they were
            measured.
        epoch_length: The iterations of an epoch; None if the training did not count epochs.
    """

    training: Curves = field(default_factory=dict)
    validation: Curves = field(default_factory=dict)
    epoch_length: float | None = None


def read_training_log(run: str | PathLike) -> TrainingLog:
    """Read the log of a training.

    A resumed training has a log for each of its parts. What a part repeats replaces what the parts
    before it logged from there on.

    Args:
        run: A work directory of training, or one ``scalars.json``.

    Raises:
        InputError: There is no log of a training, or a line of it is no scalars in JSON.
    """
    joined: list[tuple[int, dict]] = []
    for path in _logs(Path(run)):
        part = list(_placed(_rows(path)))
        if part:
            joined = [entry for entry in joined if entry[0] < part[0][0]] + part
    if not joined:
        raise InputError(f'{run} has no log of a training: it logged no iteration')
    log = TrainingLog()
    for iteration, row in joined:
        curves = log.training if 'iter' in row else log.validation
        for name, value in row.items():
            if name not in POSITIONS and isinstance(value, int | float):
                curves.setdefault(name, []).append((iteration, float(value)))
    # Exact where the last iteration of an epoch is logged, as in the configs here.
    lengths = [at / row['epoch'] for at, row in joined if 'epoch' in row]
    log.epoch_length = max(lengths, default=None)
    return log


def _logs(run: Path) -> list[Path]:
    """Return the logs of a training, the oldest first; folders are named by the time."""
    if run.is_file():
        return [run]
    logs = sorted([*run.glob('*/vis_data/scalars.json'), *run.glob('vis_data/scalars.json')])
    if not logs:
        raise InputError(
            f'{run} has no log of a training (*/vis_data/scalars.json): name a work directory, the '
            'folder of one fold, or a scalars.json'
        )
    return logs


def _rows(path: Path) -> Iterator[dict]:
    """Yield the rows of a log; the last line may be cut short, where a training was killed."""
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield row
        elif number < len(lines):
            raise InputError(f'{path}, line {number}: no scalars in JSON, is it a log of training?')


def _placed(rows: Iterator[dict]) -> Iterator[tuple[int, dict]]:
    """Yield the iteration and the row; a validation follows the training that it measures.

    Its own ``step`` counts epochs in some configs, iterations in others.
    """
    iteration = None
    for row in rows:
        iteration = row.get('iter', iteration)
        if iteration is not None:
            yield iteration, row
