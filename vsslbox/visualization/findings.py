"""What the figures of an evaluation say, in words that are never better than the statistics."""

from collections.abc import Iterable, Sequence

from vsslbox.evaluation import Comparison, Figure

__all__ = ['findings', 'verdict']

# What the features that a checkpoint is compared with are called in a sentence.
OTHERS = dict(
    random='random initialisation', colour='a colour histogram', motion='frame differences'
)
# The protocols by which a finding is told, the first that was evaluated, and their names there.
TOLD = {
    'knn/{}/top1': 'kNN',
    'linear/{}/top1': 'linear probe',
    'svm/{}/top1': 'linear SVM',
    'retrieval/{}/R@1': 'nearest video',
}
WORDS = {'better': 'above', 'worse': 'below'}


def findings(figures: Sequence[Figure], labels: Iterable[str]) -> list[str]:
    """Return one sentence for each label: how the checkpoint compares with other features."""
    by_name = {figure.name: figure for figure in figures if figure.interval}
    sentences = []
    for label in labels:
        names = {form.format(label): protocol for form, protocol in TOLD.items()}
        told = next((name for name in names if name in by_name), None)
        if told is not None:
            sentences.append(_sentence(label, names[told], by_name[told]))
    return sentences


def verdict(figure: Figure) -> str:
    """Return how a figure compares with those of all other features, by their short names."""
    higher, lower = ('more', 'less') if figure.is_neutral else ('better', 'worse')
    groups = [
        (f'{higher} than', _names(figure, 'better')),
        (f'{lower} than', _names(figure, 'worse')),
        ('not distinguishable from', _names(figure, 'not distinguishable')),
    ]
    return '; '.join(f'{words} {", ".join(names)}' for words, names in groups if names)


def _names(figure: Figure, wanted: str) -> list[str]:
    return [
        name
        for name, comparison in figure.comparisons.items()
        if comparison.verdict == wanted and comparison.p is not None
    ]


def _sentence(label: str, protocol: str, figure: Figure) -> str:
    parts = [
        _difference(OTHERS.get(name, name), comparison)
        for name, comparison in figure.comparisons.items()
        if comparison.verdict in WORDS
    ]
    alike = [OTHERS.get(name, name) for name in _names(figure, 'not distinguishable')]
    chance, (low, high) = figure.chance, figure.interval
    if chance is not None and low <= chance <= high:
        alike.append(f'chance ({chance:.1f} %)')
    elif chance is not None and (high < chance or not figure.comparisons):
        parts.append(f'{"below" if high < chance else "above"} chance ({chance:.1f} %)')
    if alike:
        parts.append(f'not distinguishable from {_listed(alike, "or")}')
    said = f' and is {_listed(parts, "and")}' if parts else ''
    return (
        f'On {label} ({protocol}, {figure.n} videos) the checkpoint reaches {figure.value:.1f} % '
        f'[{low:.1f}, {high:.1f}]{said}.'
    )


def _difference(name: str, comparison: Comparison) -> str:
    sign = 1 if comparison.verdict == 'better' else -1
    low, high = sorted(sign * end for end in comparison.interval)
    return (
        f'{sign * comparison.difference:.1f} points {WORDS[comparison.verdict]} {name} '
        f'[{low:.1f}, {high:.1f}]'
    )


def _listed(parts: Sequence[str], word: str) -> str:
    return f' {word} '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)
