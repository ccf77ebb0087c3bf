"""The page of a leaderboard: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vsslbox.evaluation import Standings
from vsslbox.visualization.leaderboard_table import Method, is_ranked, meaning, table_order
from vsslbox.visualization.page import flatten, write_page
from vsslbox.visualization.parallel_axes import parallel_axes

__all__ = ['write_leaderboard']


def write_leaderboard(
    path: str | Path,
    *,
    methods: Sequence[Method],
    columns: Sequence[Standings],
    standings: Sequence[Standings],
    setting: str,
    group: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write the page: a table that can be sorted, parallel axes, all figures and their origin.

    Without JavaScript everything can be read, and the table is sorted by its first column.

    Args:
        path: The HTML file to write; missing folders are created.
        methods: The rows.
        columns: The figures of the table and the axes.
        standings: All figures.
        setting: Which videos were evaluated, in a sentence.
        group: The column of groups; None if each query is its own.
        details: Further information by name, folded away; values may be mappings.
    """
    ordered = table_order(methods, columns)
    drawing = parallel_axes(columns, {own.name: own.kind for own in methods if not own.failed})
    values = dict(
        title='Leaderboard',
        methods=ordered,
        columns=columns,
        standings=standings,
        drawing=drawing,
        hues={line.name: line.hue for line in drawing.lines},
        setting=setting,
        meaning=meaning(columns, group),
        details=list(flatten(details or {})),
    )
    write_page(
        path, 'vsslbox.visualization', 'leaderboard.html', values, ['sort_table.js'], [is_ranked]
    )
