"""The tables of a leaderboard, and what their numbers mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vsslbox.errors import InputError
from vsslbox.evaluation import Standing, Standings
from vsslbox.visualization.text_table import markdown_table

__all__ = [
    'Method',
    'choose_columns',
    'is_ranked',
    'leaderboard_markdown',
    'meaning',
    'table_order',
]


@dataclass(frozen=True)
class Method:
    """A row of a leaderboard.

    Attributes:
        name: Its name.
        kind: ``'checkpoint'``, or ``'random'``, ``'colour'`` or ``'motion'`` for what checkpoints
            are compared with.
        runs: The number of its runs.
        failed: Why it has no results; '' if it has.
    """

    name: str
    kind: str
    runs: int
    failed: str = ''


def choose_columns(standings: Sequence[Standings], patterns: Sequence[str] = ()) -> list[Standings]:
    """Return the figures that a table shows.

    Args:
        standings: All figures.
        patterns: Patterns of their names, such as ``knn/*/top1``. Without them it is the first
            figure of each protocol and label, or the first that has ranks if one has.

    Raises:
        InputError: No figure fits one of the patterns.
    """
    names = [own.name for own in standings]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InputError(f'no figure fits {pattern!r}; there are {", ".join(names)}')
    if patterns:
        return [own for own in standings if any(fnmatchcase(own.name, p) for p in patterns)]
    first: dict[tuple[str, ...], str] = {}
    for own in sorted(standings, key=lambda own: not is_ranked(own)):
        first.setdefault(tuple(own.name.split('/')[:2]), own.name)
    return [own for own in standings if own.name in first.values()]


def table_order(methods: Sequence[Method], columns: Sequence[Standings]) -> list[Method]:
    """Sort methods by their values in the first column; those that failed are the last."""
    first = columns[0].methods

    def place(method: Method) -> tuple[bool, bool, float]:
        standing = first.get(method.name)
        return bool(method.failed), standing is None, -standing.value if standing else 0

    return sorted(methods, key=place)


def leaderboard_markdown(
    methods: Sequence[Method], columns: Sequence[Standings], setting: str, group: str | None
) -> str:
    """Return a page in Markdown: the table, then what its numbers mean, then what failed.

    Args:
        methods: The rows.
        columns: The figures, one a column.
        setting: Which videos were evaluated, in a sentence.
        group: The column of groups; None if each query is its own.
    """
    header = ['', 'runs', *(own.name for own in columns)]
    rows = [
        [_cell(method.name), str(method.runs), *(_standing(own, method.name) for own in columns)]
        for method in table_order(methods, columns)
        if not method.failed
    ]
    if any(own.chance is not None for own in columns):
        chances = ('' if own.chance is None else f'{own.chance:.1f}' for own in columns)
        rows.append(['chance', '', *chances])
    failed = [f'* {_cell(own.name)} failed: {_cell(own.failed)}' for own in methods if own.failed]
    explained = '\n'.join([setting, *meaning(columns, group)])
    return '\n'.join([markdown_table(header, rows), explained, *([''] if failed else []), *failed])


def meaning(columns: Sequence[Standings], group: str | None) -> list[str]:
    """Return what the numbers of a table mean, in sentences.

    Args:
        columns: The figures of the table.
        group: The column of groups; None if each query is its own.
    """
    units = 'the queries' if group is None else f'whole values of {group!r}'
    told = ['The value is the mean over the runs of a method, in percent unless its name says not.']
    if any(own.over_runs for column in columns for own in column.methods.values()):
        told.append(
            '±: half of the 95 % interval (Student) of the mean over other runs, such as other '
            'seeds of the training, on these very queries.'
        )
    if any(column.n for column in columns):
        told.append(f'[ ]: the 95 % interval over {units}: other videos, these very runs.')
    if any(map(is_ranked, columns)):
        told += [
            '#: the rank, which methods share that cannot be told apart. The best has rank 1 '
            'together with all from which it does not differ, then the best of the others, and so '
            f'on. Each two are tested on the same queries by exchanging their results on {units} '
            "(sign flips), and Holm's procedure corrects for all pairs of a column, at a level of "
            '5 %. The tests are of these very runs: they do not tell what other seeds would give.',
        ]
    unranked = [column.name for column in columns if not is_ranked(column)]
    if unranked:
        told.append(
            'Without ranks, since they are no shares of queries or more is not better: '
            f'{", ".join(unranked)}.'
        )
    return told


def is_ranked(column: Standings) -> bool:
    """Return whether the methods have ranks in a figure."""
    return any(own.rank is not None for own in column.methods.values())


def _standing(column: Standings, method: str) -> str:
    """Return a cell: the value, both intervals and the rank."""
    own = column.methods.get(method)
    return '-' if own is None else ' '.join([f'{own.value:.1f}', *_told(own)])


def _told(own: Standing) -> list[str]:
    told = []
    if own.over_runs:
        told.append(f'± {own.over_runs[1] - own.value:.1f}')
    if own.over_queries:
        told.append('[{:.1f}, {:.1f}]'.format(*own.over_queries))
    if own.rank is not None:
        told.append(f'#{own.rank}')
    return told


def _cell(text: str) -> str:
    return ' '.join(text.split()).replace('|', '\\|')
