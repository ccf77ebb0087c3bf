"""The classes of queries against those of the gallery."""

from collections import Counter

from vsslbox.datasets.list_values import near_values, warn_once
from vsslbox.evaluation.features.feature_set import FeatureSet

__all__ = ['tell_missing_classes']

SHOWN = 5


def tell_missing_classes(queries: FeatureSet, gallery: FeatureSet, label: str) -> None:
    """Warn of queries whose class no video of the gallery has, and of a spelling that is near it.

    Nothing is told of a column that a list lacks: metrics refuse it.

    Args:
        queries: The queries.
        gallery: The gallery.
        label: The column of the class.
    """
    if not all(label in attributes for attributes in queries.attributes + gallery.attributes):
        return
    known = set(gallery.column(label))
    lacking = Counter(value for value in queries.column(label) if value not in known)
    if not lacking:
        return
    shown = [_describe(value, lacking[value], known) for value in sorted(lacking, key=str)]
    warn_once(
        f'{lacking.total()} of {len(queries)} queries of {queries.source} have a class of '
        f'{label!r} that no video of {gallery.source} has: '
        f'{"; ".join([*shown[:SHOWN], "..."][: len(shown)])}. Retrieval leaves these queries out, '
        'other protocols count them as wrong'
    )


def _describe(value: object, count: int, known: set) -> str:
    """Return a class, how many queries have it, and what the gallery has almost in its place."""
    texts = {str(other): other for other in known}
    spellings = near_values(str(value), texts)
    if str(value) in texts:  # a number there and a text here
        spellings = [*spellings, str(value)]
    near = [texts[text] for text in spellings]
    there = f', but {" and ".join(map(ascii, near))} is there' if near else ''
    return f'{value!r} ({count}{there})'
