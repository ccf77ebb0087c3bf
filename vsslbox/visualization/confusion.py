"""Confusion matrices."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.axes import Axes

from vsslbox.visualization.scatter import readable_order
from vsslbox.visualization.themed_picture import themed_picture

__all__ = ['confusion_matrix', 'confusion_plot']

CELL, LETTER = 0.32, 0.085  # inches
MOST_COUNTED = 40  # with more classes than this, cells are half as wide and have no numbers
MOST_BESIDE = 12  # with more classes than this, the figure takes the page's width


def confusion_matrix(truth: Sequence, predicted: Sequence) -> tuple[list, list[list[int]]]:
    """Count the pairs of true and predicted classes.

    Args:
        truth: The class of each sample.
        predicted: The predicted class of each sample.

    Returns:
        The classes in order, and the number of samples of each (row) predicted as each (column).
    """
    classes = readable_order({*truth, *predicted})
    pairs = Counter(zip(truth, predicted, strict=True))
    return classes, [[pairs[row, column] for column in classes] for row in classes]


def confusion_plot(title: str, classes: Sequence, counts: Sequence[Sequence[int]]) -> str:
    """Draw a figure (HTML) with a square for each pair, stronger for a larger share of the row.

    Args:
        title: The caption.
        classes: The names of rows and columns.
        counts: Rows are true classes, columns predicted ones.
    """
    names = [str(name) for name in classes]
    is_large = len(names) > MOST_COUNTED
    shares = np.array(counts) / np.maximum(np.sum(counts, axis=1, keepdims=True), 1)

    def draw(axes: Axes) -> None:
        opacity = np.where(shares > 0, 0.2 + 0.8 * shares, 0)
        axes.imshow(shares, cmap='Blues', vmin=-0.2, vmax=1, alpha=opacity)
        style = dict(parse_math=False, fontsize=7 if is_large else 10)
        axes.set_xticks(range(len(names)), names, rotation=90, **style)
        axes.set_yticks(range(len(names)), names, **style)
        axes.set_xlabel('predicted')
        axes.set_ylabel('true')
        if is_large:
            return
        for (row, column), share in np.ndenumerate(shares):
            if share:
                colour = 'white' if share > 0.7 else axes.xaxis.label.get_color()
                axes.text(
                    column, row, counts[row][column], ha='center', va='center', color=colour
                )  # fmt: skip

    cell = CELL / 2 if is_large else CELL
    side = max(cell * len(names), 1) + 0.8 + LETTER * max(map(len, names))
    picture = themed_picture(draw, (side, side), f'confusion matrix of {title}')
    kind = 'card wide' if len(names) > MOST_BESIDE else 'card'
    return f'<figure class="{kind}"><figcaption>{escape(title)}</figcaption>\n{picture}</figure>\n'
