"""Points in the plane, coloured by their labels."""

import base64
import colorsys
import io
from collections.abc import Collection, Mapping, Sequence
from html import escape

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

__all__ = ['readable_order', 'scatter_plot', 'spread_points']

SIDE = 4.8  # inches
DPI = 130
PICTURE = 26  # the longer side of a thumbnail in the figure, in pixels at 72 dpi
MOST_NAMED = 20  # with more classes than this, the others are not named
TURN = 0.381966  # hues in steps of the golden angle stay distinct for any number of classes


def scatter_plot(
    title: str,
    points: np.ndarray,
    labels: Sequence,
    pictures: Mapping[int, np.ndarray] | None = None,
) -> str:
    """Draw a figure (HTML) with a dot for each point, coloured by its label.

    Args:
        title: The caption.
        points: ``[P, 2]``.
        labels: The label of each point.
        pictures: Thumbnails by the number of the point that they stand on, RGB, uint8
            ``[H, W, 3]``.
    """
    classes = readable_order(set(labels))
    colours = {label: _colour(number) for number, label in enumerate(classes)}
    figure = Figure((SIDE, SIDE))
    axes = figure.add_axes((0.06, 0.06, 0.88, 0.88))
    axes.set_axis_off()
    axes.set_aspect('equal', adjustable='datalim')
    axes.scatter(*points.T, s=14, c=[colours[label] for label in labels], linewidths=0)
    for number, image in (pictures or {}).items():
        zoom = PICTURE / max(image.shape)
        small = cv2.resize(image, None, fx=2 * zoom, fy=2 * zoom, interpolation=cv2.INTER_AREA)
        box = AnnotationBbox(
            OffsetImage(small, zoom=0.5),
            points[number],
            pad=0.12,
            bboxprops=dict(edgecolor=colours[labels[number]], linewidth=1.5),
        )
        axes.add_artist(box)
    content = io.BytesIO()
    figure.savefig(content, format='png', dpi=DPI, transparent=True)
    data = base64.b64encode(content.getvalue()).decode('ascii')
    legend = ''.join(
        f'<span style="color:{colours[label]}">●</span> {escape(str(label))} &ensp;'
        for label in classes[:MOST_NAMED]
    )
    more = len(classes) - MOST_NAMED
    if more > 0:
        legend += f'and {more} more'
    return (
        f'<figure class="card"><figcaption>{escape(title)}</figcaption>\n'
        f'<img class="drawing" src="data:image/png;base64,{data}" width="{round(96 * SIDE)}" '
        f'alt="features by {escape(title)}"><p>{legend}</p></figure>\n'
    )


def spread_points(points: np.ndarray, number: int) -> list[int]:
    """Return the numbers of points that are far from each other, the first one in the middle.

    Args:
        points: ``[P, 2]``.
        number: How many; all if there are fewer.
    """
    if not len(points):
        return []
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())]
    distances = np.full(len(points), np.inf)
    while len(chosen) < min(number, len(points)):
        distances = np.minimum(distances, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(distances.argmax()))
    return chosen


def _colour(number: int) -> str:
    rgb = colorsys.hls_to_rgb(number * TURN % 1, 0.5, 0.65)
    return '#' + ''.join(f'{round(255 * value):02x}' for value in rgb)


def readable_order(labels: Collection) -> list:
    """Sort labels: numbers by size, then names by alphabet, then None for no label."""
    return sorted(labels, key=lambda label: (label is None, isinstance(label, str), label))
