"""Tables for the terminal and for pages in Markdown."""

import math
from collections.abc import Mapping, Sequence

from vsslbox.visualization.report import is_count

__all__ = ['markdown_table', 'metrics_text']


def metrics_text(
    metrics: Mapping[str, Mapping[str, float]], paper: Mapping[str, float] | None = None
) -> str:
    """Format a table of metrics: a row for each metric, a column for each run.

    Args:
        metrics: For each run its metrics by name; two runs also get the gain of the second.
        paper: A paper's numbers by the same names, for a column of their own.
    """
    titles = [*metrics, *(['gain'] if len(metrics) == 2 else []), *(['paper'] if paper else [])]
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    width = max(map(len, names), default=0)
    lines = [' ' * width + ''.join(f'{title:>14}' for title in titles)]
    for name in names:
        values = [run.get(name, math.nan) for run in metrics.values()]
        cells = [_text(value, '.0f' if is_count(name) else '.1f') for value in values]
        if len(values) == 2:
            gain = round(values[1] - values[0], 1) + 0.0  # makes -0.0 a plain zero
            cells.append('' if is_count(name) else _text(gain, '+.1f'))
        if paper:
            cells.append(_text(paper.get(name, math.nan), '.1f'))
        lines.append(f'{name:{width}}' + ''.join(f'{cell:>14}' for cell in cells))
    return '\n'.join(lines)


def _text(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else '-'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, which ends its last line."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines) + '\n'
