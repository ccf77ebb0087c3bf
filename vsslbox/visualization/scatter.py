"""Points in the plane, coloured by their labels."""

import colorsys
from collections.abc import Collection, Sequence
from html import escape

import numpy as np

__all__ = ['readable_order', 'scatter_plot']

SIDE, MARGIN = 320, 8  # of the figure and around its points, in units of the figure
MOST_NAMED = 20  # with more classes than this, names are shown on hovering only
TURN = 0.381966  # hues in steps of the golden angle stay distinct for any number of classes


def scatter_plot(title: str, points: np.ndarray, labels: Sequence, names: Sequence[str]) -> str:
    """Draw a figure (HTML) with a dot for each point, coloured by its label.

    Args:
        title: The caption.
        points: ``[P, 2]``.
        labels: The label of each point.
        names: The name of each point, shown with its label on hovering.
    """
    classes = readable_order(set(labels))
    colours = {label: _colour(number) for number, label in enumerate(classes)}
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    extent = np.ptp(points, axis=0).max() or 1.0
    places = SIDE / 2 + (points - centre) / extent * (SIDE - 2 * MARGIN)
    dots = ''.join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill:{colours[label]}">'
        f'<title>{escape(f"{label}: {name}")}</title></circle>\n'
        for (x, y), label, name in zip(places, labels, names, strict=True)
    )
    legend = ''.join(
        f'<span style="color:{colours[label]}">●</span> {escape(str(label))} &ensp;'
        for label in classes[:MOST_NAMED]
    )
    more = len(classes) - MOST_NAMED
    if more > 0:
        legend += f'and {more} more'
    return (
        f'<figure class="card"><figcaption>{escape(title)}</figcaption>\n'
        f'<svg viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="features by {escape(title)}">\n'
        f'{dots}</svg><p>{legend}</p></figure>\n'
    )


def _colour(number: int) -> str:
    rgb = colorsys.hls_to_rgb(number * TURN % 1, 0.5, 0.65)
    return '#' + ''.join(f'{round(255 * value):02x}' for value in rgb)


def readable_order(labels: Collection) -> list:
    """Sort labels: numbers by size, then names by alphabet, then None for no label."""
    return sorted(labels, key=lambda label: (label is None, isinstance(label, str), label))
