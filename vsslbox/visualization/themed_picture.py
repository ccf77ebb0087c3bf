"""Figures of matplotlib on pages, light and dark."""

import base64
import io
import warnings
from collections.abc import Callable
from html import escape

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ['themed_picture']


def themed_picture(draw: Callable[[Axes], None], size: tuple[float, float], alt: str) -> str:
    """Return a picture (HTML) that holds itself and follows the light or dark page.

    Args:
        draw: Draws into the axes.
        size: Width and height in inches; narrow pages shrink it.
        alt: What it shows.
    """
    light, dark = (_svg(draw, size, style) for style in ('default', 'dark_background'))
    return (
        f'<picture><source srcset="{dark}" media="(prefers-color-scheme: dark)">'
        f'<img class="drawing" src="{light}" alt="{escape(alt)}" width="{round(96 * size[0])}">'
        '</picture>'
    )


def _svg(draw: Callable[[Axes], None], size: tuple[float, float], style: str) -> str:
    """Return a figure as the address of an SVG that holds itself."""
    # Text stays text, which the browser draws in any script; matplotlib's font has only some.
    with matplotlib.style.context([style, {'svg.fonttype': 'none'}]), warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph .* missing')
        figure = Figure(size, layout='constrained')
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        draw(axes)
        content = io.BytesIO()
        figure.savefig(content, format='svg')
    return f'data:image/svg+xml;base64,{base64.b64encode(content.getvalue()).decode("ascii")}'
