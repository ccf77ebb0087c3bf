"""The report of an evaluation: one HTML file that needs nothing else."""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np

__all__ = ['Hit', 'Retrieval', 'write_report']

COUNTS = ('unanswerable',)  # last parts of the names of metrics that are no percentages
MAX_SIDE = 240  # pixels; larger thumbnails are shrunk to keep the file small
WIDTH, HEIGHT = 360, 200  # of a chart, in its own units
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 36  # margins of a chart, where ticks and labels stand

# The policy forbids the browser to load anything: all that is shown is in the file.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

STYLE = """
:root { --page: #f6f7f9; --card: #fff; --ink: #1b2330; --muted: #5b6574; --line: #dde2e8;
  --accent: #2360b5; --right: #17784a; --wrong: #bf3f0b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #11151b; --card: #1a2028; --ink: #e6eaf0; --muted: #9ba6b5; --line: #2e3743;
    --accent: #74acff; --right: #4fc78f; --wrong: #ff9468; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .25rem; font-size: 1.1rem; }
p, .muted { color: var(--muted); }
p { margin: 0 0 .75rem; font-size: .875rem; }
figure { margin: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .75rem 1rem; overflow-x: auto; break-inside: avoid; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .2rem 0; text-align: left; font-weight: 400; vertical-align: top; }
th + td, th + th, td + td { padding-left: 2rem; }
thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
.first > * { border-top: 1px solid var(--line); }
.metrics { width: 100%; font-variant-numeric: tabular-nums; }
.metrics th + th, .metrics td { text-align: right; white-space: nowrap; }
.up, .yes { color: var(--right); }
.down, .no { color: var(--wrong); }
.details th { color: var(--muted); white-space: nowrap; }
.details td { overflow-wrap: anywhere; }
.grid { display: grid; gap: .75rem; }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); }
.charts figcaption { display: flex; justify-content: space-between; font-weight: 600; }
.charts figcaption .muted { font-weight: 400; font-size: .8125rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 10.5px; }
svg line { stroke: var(--line); }
svg polyline { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
svg .raw { stroke-width: 1; opacity: .35; }
svg circle { fill: var(--accent); }
.retrievals { grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); }
.retrieval { display: flex; gap: .75rem; font-size: .75rem; line-height: 1.35; }
.query { flex: 0 0 5rem; }
.hits { flex: 1; display: grid; gap: .5rem; padding-left: .75rem;
  border-left: 1px solid var(--line); align-content: start;
  grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); }
.retrieval img { display: block; width: 100%; height: auto; border-radius: 4px; }
.retrieval figcaption { color: var(--muted); overflow-wrap: anywhere; }
.mark { font-size: .8125rem; font-weight: 600; }
"""


@dataclass
class Hit:
    """A video that was found.

    Args:
        image: Its thumbnail, RGB, uint8 ``[H, W, 3]``.
        caption: What is written below it.
        correct: Whether it is what was looked for.
    """

    image: np.ndarray
    caption: str
    correct: bool


@dataclass
class Retrieval:
    """A query and what was found for it.

    Args:
        query: The query's thumbnail, RGB, uint8 ``[H, W, 3]``.
        query_caption: What is written below it.
        hits: The nearest videos, best first.
    """

    query: np.ndarray
    query_caption: str
    hits: Sequence[Hit]


def write_report(
    path: str | Path,
    *,
    title: str,
    metrics: Mapping[str, Mapping[str, float]],
    curves: Mapping[str, Sequence[tuple[float, float]]],
    retrievals: Sequence[Retrieval],
    details: Mapping[str, object],
) -> None:
    """Write the report of an evaluation; a section that would be empty is left out.

    Args:
        path: The HTML file to write; missing folders are made.
        title: The heading.
        metrics: For each run its metrics by name, in percent; of two runs the second is compared
            with the first.
        curves: For each curve its points (step, value); values that aren't finite are left out.
        retrievals: Queries with what was found for them.
        details: What else is worth knowing, by name; values may be mappings themselves.

    Raises:
        ValueError: A thumbnail isn't uint8 ``[H, W, 3]``.
    """
    charts = ''.join(_chart(name, points) for name, points in curves.items())
    cards = ''.join(_retrieval(retrieval) for retrieval in retrievals)
    rows = ''.join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
        for name, value in _flatten(details)
    )
    sections = [
        _section('Metrics', 'In percent; the best of a row is bold.', _metrics_table(metrics)),
        _section(
            'Training',
            'Smoothed values over the logged ones, by step.',
            charts and f'<div class="grid charts">{charts}</div>',
        ),
        _section(
            'Retrieval',
            'A query on the left, then its nearest videos: ✓ right, ✗ wrong.',
            cards and f'<div class="grid retrievals">{cards}</div>',
        ),
        _section('Details', '', rows and f'<div class="card"><table class="details">{rows}</table></div>'),
    ]
    html = PAGE.format(title=escape(title), style=STYLE, body='\n'.join(filter(None, sections)))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding='utf-8')


def _section(title: str, note: str, body: str) -> str:
    """A heading, a line that says how to read what follows, and that."""
    note = note and f'<p>{note}</p>\n'
    return body and f'<section>\n<h2>{title}</h2>\n{note}{body}\n</section>'


def _metrics_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """A row for each metric, a column for each run and, of two runs, one for the gain."""
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    if not names:
        return ''
    columns = ['metric', *metrics, *(['gain (points)'] if len(metrics) == 2 else [])]
    head = ''.join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    groups = [name.rpartition('/')[0] for name in names]
    rows = [
        _metric_row(name, [values.get(name) for values in metrics.values()], group != previous)
        for name, group, previous in zip(names, groups, [groups[0], *groups])
    ]
    return (
        f'<div class="card"><table class="metrics"><thead><tr>{head}</tr></thead>\n'
        f'<tbody>{"".join(rows)}</tbody></table></div>'
    )


def _metric_row(name: str, values: list[float | None], starts_group: bool) -> str:
    """A metric's values; those that a run doesn't have are dashes."""
    group, slash, last = name.rpartition('/')
    is_count = last in COUNTS
    # Rounded first, so that what reads the same is treated the same.
    shown = [
        None if value is None or not math.isfinite(value) else round(value, 0 if is_count else 1)
        for value in values
    ]
    known = [value for value in shown if value is not None]
    best = max(known) if len(set(known)) > 1 and not is_count else None
    cells = []
    for value in shown:
        text = '–' if value is None else f'{value:.{0 if is_count else 1}f}'
        cells.append(f'<td>{f"<b>{text}</b>" if text != "–" and value == best else text}</td>')
    if len(values) == 2:
        cells.append(_gain_cell(values) if len(known) == 2 and not is_count else '<td></td>')
    return (
        f'<tr{" class=first" if starts_group else ""}><th scope="row"><span class="muted">'
        f'{escape(group + slash)}</span>{escape(last)}</th>{"".join(cells)}</tr>\n'
    )
