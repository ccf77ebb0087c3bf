"""The report of an evaluation: one self-contained HTML file."""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np

__all__ = ['Hit', 'PaperNumbers', 'Retrieval', 'Section', 'is_count', 'write_report']

MAX_SIDE = 240  # pixels; larger thumbnails are shrunk to keep the file small
WIDTH, HEIGHT = 360, 200  # of a chart, in units of the chart
LEFT, RIGHT, TOP, BOTTOM = 46, 352, 8, 160  # the area of a chart's lines; labels are around it

# The policy keeps the browser from loading anything: the file contains all that is shown.
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
h2 + .card { margin-top: .6rem; }
p, .muted { color: var(--muted); }
p { margin: 0 0 .75rem; font-size: .875rem; }
figure { margin: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .75rem 1rem; overflow-x: auto; break-inside: avoid; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .2rem 0; text-align: left; font-weight: 400; vertical-align: top; }
th + td, th + th, td + td { padding-left: clamp(.75rem, 3vw, 2rem); }
thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
.first > * { border-top: 1px solid var(--line); }
.metrics { width: 100%; font-variant-numeric: tabular-nums; }
.metrics th + th, .metrics td { text-align: right; }
.best { font-weight: 700; }
.metrics .paper { color: var(--muted); font-style: italic; }
.up, .yes { color: var(--right); }
.down, .no { color: var(--wrong); }
.details th { color: var(--muted); white-space: nowrap; }
.details td { overflow-wrap: anywhere; }
.grid { display: grid; gap: .75rem; }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); }
.charts figcaption { display: flex; justify-content: space-between; font-weight: 600; }
.charts figcaption .muted { font-weight: 400; font-size: .8125rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; margin-top: .5rem; }
svg text { fill: var(--muted); font-size: 11.5px; }
svg line { stroke: var(--line); }
svg .tick { stroke: var(--muted); }
svg polyline { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
svg .raw { stroke-width: 1; opacity: .45; }
svg circle { fill: var(--accent); }
.retrievals { grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); }
.retrieval { display: flex; gap: .75rem; font-size: .75rem; line-height: 1.35; }
.query { flex: 0 0 5rem; }
.hits { flex: 1; display: grid; gap: .5rem; padding-left: .75rem;
  border-left: 1px solid var(--line); align-content: start;
  grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); }
.retrieval img { display: block; width: 100%; height: auto; border-radius: 4px; }
.retrieval figcaption { color: var(--muted); overflow-wrap: anywhere; }
.mark { display: block; margin-top: .25rem; font-size: .8125rem; font-weight: 600; }
"""


@dataclass
class Hit:
    """A video that was found.

    Args:
        image: Its thumbnail, RGB, uint8 ``[H, W, 3]``.
        caption: The text below it.
        correct: Whether it has the query's label.
    """

    image: np.ndarray
    caption: str
    correct: bool


@dataclass
class Retrieval:
    """A query with its nearest videos.

    Args:
        query: The query's thumbnail, RGB, uint8 ``[H, W, 3]``.
        query_caption: The text below it.
        hits: The nearest videos, best first.
    """

    query: np.ndarray
    query_caption: str
    hits: Sequence[Hit]


@dataclass
class PaperNumbers:
    """The numbers that a paper reports.

    Args:
        source: The paper, and the model.
        metrics: Its numbers by the metrics' names.
    """

    source: str
    metrics: Mapping[str, float]


@dataclass
class Section:
    """A further section of the report.

    Args:
        title: The heading.
        note: A line that explains it, as HTML.
        figures: The figures to show side by side, as HTML.
    """

    title: str
    note: str
    figures: Sequence[str]


def is_count(name: str) -> bool:
    """Return whether a metric is a number of videos instead of a percentage."""
    return name.endswith('unanswerable')


def write_report(
    path: str | Path,
    *,
    title: str,
    metrics: Mapping[str, Mapping[str, float]],
    curves: Mapping[str, Sequence[tuple[float, float]]],
    retrievals: Sequence[Retrieval],
    details: Mapping[str, object],
    paper: PaperNumbers | None = None,
    sections: Sequence[Section] = (),
) -> None:
    """Write the report of an evaluation; empty sections are left out.

    Args:
        path: The HTML file to write; missing folders are created.
        title: The heading.
        metrics: For each run its metrics by name, in percent; of two runs the second is compared
            with the first.
        curves: For each curve its points (step, value); values that are not finite are left out.
        retrievals: Queries with their nearest videos.
        details: Further information by name; values may be mappings.
        paper: A paper's numbers, for a column of their own.
        sections: Sections to insert before the details.

    Raises:
        ValueError: A thumbnail is empty or not uint8 ``[H, W, 3]``.
    """
    charts = [_chart(name, points) for name, points in curves.items()]
    cards = [_retrieval(retrieval) for retrieval in retrievals]
    rows = ''.join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
        for name, value in _flatten(details)
    )
    parts = [
        _section(
            'Metrics',
            'In percent, except counts; the best value of a row is bold.'
            + (" The paper's numbers, not measured here, are in italics." if paper else ''),
            _metrics_table(metrics, paper),
        ),
        _section(
            'Training',
            'The logged values (faint) and their moving average (bold).',
            _grid('charts', charts),
        ),
        _section(
            'Retrieval',
            'Each query, on the left, with its nearest videos: ✓ right, ✗ wrong.',
            _grid('retrievals', cards),
        ),
        *(_section(part.title, part.note, _grid('charts', part.figures)) for part in sections),
        _section(
            'Details', '', rows and f'<div class="card"><table class="details">{rows}</table></div>'
        ),
    ]
    html = PAGE.format(title=escape(title), style=STYLE, body='\n'.join(filter(None, parts)))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # File names need not be valid text.
    path.write_text(html, encoding='utf-8', errors='backslashreplace')


def _section(title: str, note: str, body: str) -> str:
    """Return a section: a heading, a line of explanation and the body."""
    note = note and f'<p>{note}</p>\n'
    return body and f'<section>\n<h2>{title}</h2>\n{note}{body}\n</section>'


def _grid(name: str, figures: Sequence[str]) -> str:
    """Place figures side by side, if there are any."""
    html = ''.join(figures)
    return html and f'<div class="grid {name}">{html}</div>'


def _metrics_table(metrics: Mapping[str, Mapping[str, float]], paper: PaperNumbers | None) -> str:
    """Return a table: a row for each metric, a column for each run and, for two runs, the gain."""
    columns = ['metric', *metrics, *(['gain (points)'] if len(metrics) == 2 else [])]
    head = ''.join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    if paper:
        head += f'<th scope="col" class="paper">paper: {escape(paper.source)}</th>'
    rows, previous = [], None
    for name in dict.fromkeys(name for values in metrics.values() for name in values):
        group, slash, last = name.rpartition('/')
        values = [values.get(name, math.nan) for values in metrics.values()]
        cells = _count_cells(values) if is_count(name) else _percent_cells(values)
        if paper:
            number = _number(paper.metrics.get(name, math.nan), '.1f')
            cells += f'<td class="paper">{number}</td>'
        rows.append(
            f'<tr{_class("" if group == previous else "first")}><th scope="row">'
            f'<span class="muted">{escape(group + slash)}</span><wbr>{escape(last)}</th>'
            f'{cells}</tr>'
        )
        previous = group
    if not rows:
        return ''
    return (
        f'<div class="card"><table class="metrics">\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + '\n'.join(rows)
        + '\n</tbody></table></div>'
    )


def _percent_cells(values: list[float]) -> str:
    """Return cells of percentages, the best one marked, and the gain of the second of two."""
    shown = [round(value, 1) for value in values]  # equal as shown is equally good
    finite = set(filter(math.isfinite, shown))
    best = max(finite) if len(finite) > 1 else None
    cells = ''.join(
        f'<td{_class("best" if value == best else "")}>{_number(value, ".1f")}</td>'
        for value in shown
    )
    if len(values) != 2:
        return cells
    gain = round(values[1] - values[0], 1) + 0.0  # makes -0.0 a plain zero
    sign = 'up' if gain > 0 else 'down' if gain < 0 else ''
    return f'{cells}<td{_class(sign)}>{_number(gain, "+.1f")}</td>'


def _count_cells(values: list[float]) -> str:
    """Return cells of counts, of which none is better than another."""
    cells = ''.join(f'<td>{_number(value, ".0f")}</td>' for value in values)
    return cells + '<td></td>' if len(values) == 2 else cells


def _number(value: float, form: str) -> str:
    """Format a number, or a dash if there is none."""
    return format(value, form) if math.isfinite(value) else '&ndash;'


def _class(name: str) -> str:
    """Return the class attribute of an element, if it has a class."""
    return f' class="{name}"' if name else ''


def _chart(name: str, points: Sequence[tuple[float, float]]) -> str:
    """Draw a line chart: the logged values faint, their moving average bold."""
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    if not finite:
        return ''
    steps, values = np.array(finite, dtype=float).T
    average = _moving_average(values)
    across, down = _padded_range(steps), _padded_range(values)

    def x_of(step: float) -> str:
        return f'{np.interp(step, across, (LEFT, RIGHT)):.1f}'

    def y_of(value: float) -> str:
        return f'{np.interp(value, down, (BOTTOM, TOP)):.1f}'

    def line(kind: str, heights: np.ndarray) -> str:
        points = ' '.join(f'{x_of(step)},{y_of(height)}' for step, height in zip(steps, heights))
        return f'<polyline class="{kind}" points="{points}"/>\n'

    grid = [
        f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y_of(tick)}" y2="{y_of(tick)}"/>'
        f'<text x="{LEFT - 6}" y="{y_of(tick)}" dy="4" text-anchor="end">{tick:.6g}</text>\n'
        for tick in _ticks(*down)
    ]
    axis = [
        f'<line class="tick" x1="{x_of(tick)}" x2="{x_of(tick)}" y1="{BOTTOM}" y2="{BOTTOM + 4}"/>'
        f'<text x="{x_of(tick)}" y="{BOTTOM + 18}" text-anchor="middle">{tick:,.10g}</text>\n'
        for tick in _ticks(*across, smallest=1)
    ]
    return (
        f'<figure class="card"><figcaption>{escape(name)}'
        f'<span class="muted">ends at {average[-1]:.4g}</span></figcaption>\n'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)} by step">\n'
        f'{"".join(grid)}{"".join(axis)}'
        f'<line class="tick" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}"/>'
        f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">step</text>\n'
        f'{line("raw", values)}{line("smooth", average)}'
        f'<circle cx="{x_of(steps[-1])}" cy="{y_of(average[-1])}" r="3"/></svg></figure>\n'
    )


def _moving_average(values: np.ndarray) -> np.ndarray:
    """Average over a tenth of the curve around each point, over less at the ends."""
    window = np.ones(1 + 2 * (len(values) // 20))
    return np.convolve(values, window, 'same') / np.convolve(np.ones_like(values), window, 'same')


def _padded_range(values: np.ndarray) -> tuple[float, float]:
    """Return a range a little larger than that of the values, never empty."""
    low, high = values.min(), values.max()
    margin = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _ticks(low: float, high: float, smallest: float = 0) -> list[float]:
    """Return at most six multiples of 1, 2 or 5 times a power of ten in a range."""
    least = max((high - low) / 5, smallest)
    power = 10.0 ** math.floor(math.log10(least))
    distance = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    return [i * distance for i in range(math.ceil(low / distance), int(high // distance) + 1)]


def _retrieval(retrieval: Retrieval) -> str:
    """Return a card with a query and its hits."""
    hits = ''.join(
        _figure(
            hit.image,
            f'<span class="mark {"yes" if hit.correct else "no"}">{rank} '
            f'{"✓" if hit.correct else "✗"}</span>{escape(hit.caption)}',
            f'hit {rank}, {"right" if hit.correct else "wrong"}',
        )
        for rank, hit in enumerate(retrieval.hits, start=1)
    )
    caption = f'<span class="mark">query</span>{escape(retrieval.query_caption)}'
    query = _figure(retrieval.query, caption, 'query')
    return (
        f'<div class="card retrieval"><div class="query">{query}</div>\n'
        f'<div class="hits">{hits}</div></div>\n'
    )


def _figure(image: np.ndarray, caption: str, alt: str) -> str:
    """Return an image, embedded as JPEG, with a caption (HTML)."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            'a thumbnail must be RGB, uint8 [H, W, 3] and not empty, got '
            f'{image.dtype} {list(image.shape)}'
        )
    scale = min(1.0, MAX_SIDE / max(image.shape))
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    data = base64.b64encode(jpeg.tobytes()).decode('ascii')
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" width="{width}" height="{height}" '
        f'alt="{alt}"><figcaption>{caption}</figcaption></figure>\n'
    )


def _flatten(values: Mapping[str, object], prefix: str = '') -> Iterator[tuple[str, object]]:
    """Yield the entries of nested mappings, with names such as ``outer.inner``."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value
