"""Confusion matrices."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.axes import Axes

from vsslbox.visualization.scatter import readable_order
from vsslbox.visualization.themed_picture import themed_picture

__all__ = ['confusion_matrix', 'confusion_plot']

CELL, LETTER = 0.32, 0.075  # inches
MOST_COUNTED = 40  # with more classes than this, the cells have no numbers


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
    shares = np.array(counts) / np.maximum(np.sum(counts, axis=1, keepdims=True), 1)

    def draw(axes: Axes) -> None:
        opacity = np.where(shares > 0, 0.2 + 0.8 * shares, 0)
        axes.imshow(shares, cmap='Blues', vmin=-0.2, vmax=1, alpha=opacity)
        places = range(len(names))
        axes.set_xticks(places, names, rotation=90, parse_math=False)
        axes.set_yticks(places, names, parse_math=False)
        axes.set_xlabel('predicted')
        axes.set_ylabel('true')
        if len(names) > MOST_COUNTED:
            return
        for (row, column), share in np.ndenumerate(shares):
            if share:
                colour = 'white' if share > 0.6 else axes.xaxis.label.get_color()
                axes.text(
                    column, row, counts[row][column], ha='center', va='center', color=colour
                )  # fmt: skip

    around = 0.8 + LETTER * max(map(len, names))
    side = max(CELL * len(names), 1) + around
    picture = themed_picture(draw, (side, side), f'confusion matrix of {title}')
    return f'<figure class="card"><figcaption>{escape(title)}</figcaption>\n{picture}</figure>\n'
