"""The table of a sweep: means over seeds with their intervals, beside random starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vsslbox.evaluation.functional import mean_interval

__all__ = ['Trials', 'table_of', 'text_table']


@dataclass
class Trials:
    """What the trainings of one row gave.

    Attributes:
        values: The metrics of each finished training by name, one value for each seed.
        random: The same of random starts.
        failed: How many trainings failed.
    """

    values: dict[str, list[float]] = field(default_factory=dict)
    random: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0

    @classmethod
    def of(cls, results: Sequence[Mapping | None]) -> 'Trials':
        """Collect results of trainings.

        Args:
            results: For each seed ``training``, its metrics by name, and optionally
                ``evaluation``, a dict of ``metrics`` and a list of those of ``random`` starts;
                None for a training that failed.
        """
        trials = cls()
        for result in results:
            if result is None:
                trials.failed += 1
                continue
            evaluation = result.get('evaluation') or dict(metrics={}, random=[])
            _collect(trials.values, result['training'], evaluation['metrics'])
            for start in evaluation['random']:
                _collect(trials.random, start)
        return trials

    @property
    def seeds(self) -> int:
        """The number of finished trainings."""
        return max(map(len, self.values.values()), default=0)


def table_of(rows: Sequence[tuple[Mapping[str, str], Trials]]) -> list[list]:
    """Return the table as rows of a CSV, the first its header.

    A metric has its mean over the seeds, with several seeds also both ends of the 95 % interval of
    the mean, and the mean of random starts where there are any.

    Args:
        rows: What identifies a row, by column, and its trainings.
    """
    several = any(trials.seeds > 1 for _, trials in rows)
    names = dict.fromkeys(name for _, trials in rows for name in trials.values)
    started = {name for _, trials in rows for name in trials.random}
    header = [*rows[0][0], *(['seeds'] if several else [])]
    for name in names:
        header += [name, *([f'{name} low', f'{name} high'] if several else [])]
        header += [f'{name} random'] if name in started else []
    table: list[list] = [header]
    for identity, trials in rows:
        cells: list = [*identity.values(), *([trials.seeds] if several else [])]
        for name in names:
            values = trials.values.get(name)
            cells += _mean_cells(values, several, trials.failed)
            if name in started:
                cells.append(np.mean(trials.random[name]) if name in trials.random else '')
        table.append(cells)
    return table


def text_table(rows: Sequence[tuple[Mapping[str, str], Trials]]) -> str:
    """Return the table as text: ``mean [low, high]``, and random starts in a column beside.

    It leaves out the parts of a loss, which the CSV has.
    """
    names = dict.fromkeys(
        name for _, trials in rows for name in trials.values if not name.startswith('loss_')
    )
    started = {name for _, trials in rows for name in trials.random}
    header = list(rows[0][0])
    for name in names:
        header += [name, 'random'] if name in started else [name]
    table = [header]
    for identity, trials in rows:
        cells = list(identity.values())
        for name in names:
            values = trials.values.get(name)
            cells.append(_mean_text(values, trials.failed))
            if name in started:
                cells.append(_mean_text(trials.random.get(name), 0))
        table.append(cells)
    widths = [max(map(len, column)) for column in zip(*table)]
    return '\n'.join(
        '  '.join(f'{cell:>{width}}' for cell, width in zip(row, widths)) for row in table
    )


def _collect(into: dict[str, list[float]], *metrics: Mapping[str, float]) -> None:
    for values in metrics:
        for name, value in values.items():
            into.setdefault(name, []).append(value)


def _mean_cells(values: list[float] | None, several: bool, failed: int) -> list:
    if not values:
        return ['failed' if failed else ''] * (3 if several else 1)
    ends = mean_interval(values) if len(values) > 1 else ('', '')
    return [float(np.mean(values)), *(ends if several else ())]


def _mean_text(values: list[float] | None, failed: int) -> str:
    if not values:
        return 'failed' if failed else ''
    text = f'{np.mean(values):.4g}'
    if len(values) > 1:
        low, high = mean_interval(values)
        text += f' [{low:.4g}, {high:.4g}]'
    return f'{text}, {failed} failed' if failed else text
