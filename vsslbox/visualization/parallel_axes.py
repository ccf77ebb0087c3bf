"""Methods as lines across parallel axes, one for each figure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from vsslbox.evaluation import Standing, Standings

__all__ = ['Axis', 'Line', 'ParallelAxes', 'parallel_axes']

GAP = 150  # between axes, in pixels
LEFT, TOP, BOTTOM = 70, 70, 30
LETTER = 6.5  # of a name
ROW = 17  # of a name
LEAST = 300  # the height of the axes
APART, SPREAD = 3.5, 80  # of neighbouring intervals of an axis, and of all, not to hide each other
HUE = 137.5  # degrees between successive hues, which stay distinct for any number


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        x: Its place.
        words: Its name, in lines.
        ticks: Places and labels of its ends.
        chance: The place of chance; None if unknown.
    """

    x: float
    words: list[str]
    ticks: list[tuple[float, str]]
    chance: float | None


@dataclass
class Line:
    """A method.

    Attributes:
        name: Its name.
        hue: Its hue in degrees; None for what checkpoints are compared with.
        points: Places of its values.
        bars: Place and both ends of its intervals over queries.
        label: The place of its name.
    """

    name: str
    hue: float | None
    points: list[tuple[float, float]] = field(default_factory=list)
    bars: list[tuple[float, float, float]] = field(default_factory=list)
    label: float = 0


@dataclass(frozen=True)
class ParallelAxes:
    """All that is drawn; places are in pixels from the upper left corner.

    Attributes:
        width: Of the drawing.
        height: Likewise.
        top: Of the axes.
        bottom: Likewise.
        axes: The axes.
        lines: The methods.
    """

    width: float
    height: float
    top: float
    bottom: float
    axes: list[Axis]
    lines: list[Line]


def parallel_axes(columns: Sequence[Standings], kinds: Mapping[str, str]) -> ParallelAxes:
    """Place all methods and figures.

    Each axis spans the values of its figure, their intervals over queries and chance.

    Args:
        columns: The figures.
        kinds: The kind of each method, as in :class:`Method`, by its name.
    """
    height = max(LEAST, ROW * len(kinds))
    top, bottom = TOP, TOP + height
    checkpoints = [name for name, kind in kinds.items() if kind == 'checkpoint']
    lines = {
        name: Line(name, checkpoints.index(name) * HUE % 360 if name in checkpoints else None)
        for name in kinds
    }
    apart = min(APART, SPREAD / max(len(lines), 1))
    axes = []
    for number, column in enumerate(columns):
        low, high = _span(column)
        place = partial(_place, low=low, high=high, top=top, bottom=bottom)
        x = LEFT + GAP * number
        chance = None if column.chance is None else place(column.chance)
        ticks = [(bottom, f'{low:g}'), (top, f'{high:g}')]
        axes.append(Axis(x, column.name.split('/'), ticks, chance))
        for order, name in enumerate(lines):
            if own := column.methods.get(name):
                at = x + apart * (order - (len(lines) - 1) / 2)
                lines[name].points.append((at, place(own.value)))
                if own.over_queries:
                    lines[name].bars.append((at, *map(place, own.over_queries)))
    drawn = [line for line in lines.values() if line.points]
    for line, label in zip(drawn, _spread([line.points[-1][1] for line in drawn], top, bottom)):
        line.label = label
    names = SPREAD / 2 + 30 + LETTER * max(map(len, kinds), default=0)
    width = LEFT + GAP * (len(columns) - 1) + names
    return ParallelAxes(width, bottom + BOTTOM, top, bottom, axes, drawn)


def _span(column: Standings) -> tuple[int, int]:
    """Return whole numbers that all values lie between."""
    ends = [end for own in column.methods.values() for end in _ends(own)]
    ends += [] if column.chance is None else [column.chance]
    low, high = math.floor(min(ends)), math.ceil(max(ends))
    return low, max(high, low + 1)


def _ends(own: Standing) -> tuple[float, ...]:
    return own.over_queries or (own.value,)


def _place(value: float, low: float, high: float, top: float, bottom: float) -> float:
    return bottom - (bottom - top) * (value - low) / (high - low)


def _spread(places: Sequence[float], top: float, bottom: float) -> list[float]:
    """Move places apart as little as needed, between top and bottom."""
    order = sorted(range(len(places)), key=lambda number: places[number])
    found = list(places)
    least = top
    for number in order:
        found[number] = max(found[number], least)
        least = found[number] + ROW
    most = bottom
    for number in reversed(order):
        found[number] = min(found[number], most)
        most = found[number] - ROW
    return found
