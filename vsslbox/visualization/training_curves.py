"""Figures of the scalars that trainings logged."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vsslbox.errors import InputError
from vsslbox.visualization.themed_picture import themed_picture
from vsslbox.visualization.training_log import TrainingLog

__all__ = ['Panel', 'curves_figure', 'curves_html', 'panels_of']

LEFT_OUT = ('time', 'data_time', 'memory')
FEW = 30  # points, which are marked
COLUMNS = 3
SIZE = (4.6, 3.2)  # of a panel in inches


@dataclass
class Panel:
    """The curves of one scalar.

    Attributes:
        name: The scalar.
        along: What the horizontal axis counts: ``'iteration'`` or ``'epoch'``.
        curves: The points (position, value) by run.
    """

    name: str
    along: str
    curves: dict[str, list[tuple[float, float]]]


def panels_of(
    logs: Mapping[str, TrainingLog], keys: Sequence[str] = (), by_epoch: bool = False
) -> list[Panel]:
    """Return the panels of several trainings: losses, other scalars of training, validations.

    Args:
        logs: The logs by the names of the runs.
        keys: The scalars, also as patterns such as ``loss*``; all but times and memory if empty.
        by_epoch: Whether to place points by epochs instead of iterations.

    Raises:
        InputError: No run has such a scalar, or a run does not count epochs.
    """
    if by_epoch and (without := [run for run, log in logs.items() if log.epoch_length is None]):
        raise InputError(f'{without[0]} does not count epochs: compare by iterations')
    panels = []
    for kind in ('training', 'validation'):
        names = dict.fromkeys(name for log in logs.values() for name in getattr(log, kind))
        for name in sorted(names, key=lambda name: 'loss' not in name):  # losses first
            if name in LEFT_OUT:
                continue
            curves = {
                run: [
                    (at / log.epoch_length if by_epoch else at, value)
                    for at, value in getattr(log, kind)[name]
                ]
                for run, log in logs.items()
                if name in getattr(log, kind)
            }
            along = 'epoch' if by_epoch else 'iteration'
            panels.append(Panel(name, along, curves))
    known = {panel.name for panel in panels}
    for key in keys:
        if not any(fnmatchcase(name, key) for name in known):
            raise InputError(f'no run logged {key!r}; there are {", ".join(sorted(known))}')
    return [p for p in panels if not keys or any(fnmatchcase(p.name, key) for key in keys)]


def curves_figure(panels: Sequence[Panel]) -> Figure:
    """Draw all panels in one figure."""
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure((SIZE[0] * columns, SIZE[1] * rows), layout='constrained')
    colours = _colours(panels)
    for number, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(rows, columns, number), panel, colours)
    return figure


def curves_html(panels: Sequence[Panel]) -> Iterator[str]:
    """Yield a figure of HTML for each panel, which follows the light or dark page."""
    colours = _colours(panels)
    for panel in panels:
        draw = partial(_draw, panel=panel, colours=colours)
        picture = themed_picture(draw, SIZE, f'{panel.name} by {panel.along}')
        yield f'<figure class="card">{picture}</figure>\n'


def _colours(panels: Sequence[Panel]) -> dict[str, str]:
    """Return a colour for each run, the same in all panels."""
    runs = dict.fromkeys(run for panel in panels for run in panel.curves)
    return {run: f'C{number % 10}' for number, run in enumerate(runs)}


def _draw(axes: Axes, panel: Panel, colours: Mapping[str, str]) -> None:
    for run, points in panel.curves.items():
        # What is not finite is a gap. matplotlib leaves out labels that begin with an underscore.
        style = dict(color=colours[run], marker='.' if len(points) <= FEW else '', label=f' {run}')
        axes.plot(*zip(*points), **style)
    axes.set_title(panel.name, parse_math=False)
    axes.set_xlabel(panel.along)
    axes.grid(alpha=0.3)
    legend = axes.legend(fontsize='small')
    for text in legend.get_texts():
        text.set_parse_math(False)
