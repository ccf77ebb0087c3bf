"""Confusion matrices."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from vsslbox.visualization.scatter import readable_order

__all__ = ['confusion_matrix', 'confusion_plot']

SIDE, MARGIN = 320, 40  # of the matrix and of the text around it, in units of the figure
MOST_NAMED = 20  # with more classes than this, names and counts are shown on hovering only


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
    """Draw a figure (HTML) with a square for each pair, darker for a larger share of the row.

    Args:
        title: The caption.
        classes: The names of rows and columns.
        counts: Rows are true classes, columns predicted ones.
    """
    cell = SIDE / len(classes)
    named = len(classes) <= MOST_NAMED
    names = [_shortened(name) if named else '' for name in classes]
    squares, texts = [], []
    for row, of_class in enumerate(classes):
        middle = (row + 0.5) * cell + 4
        texts.append(_text(MARGIN - 4, middle, names[row], 'end'))
        texts.append(_text(MARGIN + (row + 0.5) * cell, SIDE + 14, names[row]))
        for column, count in enumerate(counts[row]):
            if not count:
                continue
            x = MARGIN + column * cell
            hint = escape(f'{of_class} taken for {classes[column]}: {count}')
            share = count / sum(counts[row])
            squares.append(
                f'<rect x="{x:.2f}" y="{row * cell:.2f}" width="{cell:.2f}" height="{cell:.2f}" '
                f'style="fill:var(--accent);opacity:{0.7 * share:.2f}"><title>{hint}</title></rect>'
            )
            texts.append(_text(x + cell / 2, middle, str(count) if named else ''))
    return (
        f'<figure class="card"><figcaption>{escape(title)}</figcaption>\n'
        f'<svg viewBox="0 0 {SIDE + MARGIN} {SIDE + MARGIN}" role="img" '
        f'aria-label="confusion matrix of {escape(title)}">\n'
        f'<rect x="{MARGIN}" y="0" width="{SIDE}" height="{SIDE}" '
        'style="fill:none;stroke:var(--line)"/>\n'
        f'{"".join(squares)}\n{"".join(texts)}\n'
        f'{_text(MARGIN + SIDE / 2, SIDE + 32, "predicted")}'
        f'<text transform="translate(10 {SIDE / 2}) rotate(-90)" text-anchor="middle">true</text>'
        '</svg></figure>\n'
    )


def _shortened(name: object) -> str:
    return str(name) if len(str(name)) <= 6 else f'{str(name)[:5]}…'


def _text(x: float, y: float, text: str, anchor: str = 'middle') -> str:
    return text and (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="fill:var(--ink)">'
        f'{escape(text)}</text>'
    )
