"""Tables for the terminal and for pages in Markdown."""

import math
from collections.abc import Mapping, Sequence

from vsslbox.evaluation import Comparison, Figure
from vsslbox.visualization.findings import verdict

__all__ = ['figures_text', 'markdown_table', 'metrics_text']


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
        cells = [_text(value, '.0f' if _is_count(name) else '.1f') for value in values]
        if len(values) == 2:
            gain = round(values[1] - values[0], 1) + 0.0  # makes -0.0 a plain zero
            cells.append('' if _is_count(name) else _text(gain, '+.1f'))
        if paper:
            cells.append(_text(paper.get(name, math.nan), '.1f'))
        lines.append(f'{name:{width}}' + ''.join(f'{cell:>14}' for cell in cells))
    return '\n'.join(lines)


def figures_text(figures: Sequence[Figure], paper: Mapping[str, float] | None = None) -> str:
    """Format a table of figures with their intervals, chance, other features and the verdict.

    Args:
        figures: The figures, all compared with the same features.
        paper: A paper's numbers by the figures' names, for a column of their own.
    """
    others = list(dict.fromkeys(name for figure in figures for name in figure.comparisons))
    head = ['', 'n', 'checkpoint', '95 %', 'chance', *others]
    rows = [[*head, *(['paper'] if paper else []), 'verdict' if others else '']]
    for figure in figures:
        cells = [figure.name, str(figure.n or '-'), f'{figure.value:.1f}', '-']
        if figure.interval:
            cells[-1] = '{:.1f} to {:.1f}'.format(*figure.interval)
        cells.append('-' if figure.chance is None else f'{figure.chance:.1f}')
        cells += [_compared(figure.comparisons.get(name)) for name in others]
        if paper:
            cells.append(_text(paper.get(figure.name, math.nan), '.1f'))
        rows.append([*cells, verdict(figure)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join(
        '  '.join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1])]
            + [row[-1]]
        ).rstrip()
        for row in rows
    )


def _compared(comparison: Comparison | None) -> str:
    if comparison is None:
        return '-'
    spread = '' if comparison.spread is None else f' ± {comparison.spread:.1f}'
    return f'{comparison.value:.1f}{spread}'


def _is_count(name: str) -> bool:
    """Return whether a metric is a number of videos instead of a percentage."""
    return name.endswith('unanswerable')


def _text(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else '-'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, which ends its last line."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines) + '\n'
