"""Write the tables of docs/performance.md from the figures that tools/benchmark has measured.

python tools/analysis/make_performance.py [--root REPOSITORY]

docs/figures/NAME.json is what tools/benchmark/NAME.py wrote with --json. The table of NAME stands
between the lines `<!-- NAME -->` and `<!-- end -->`; the rest of the page is written by hand.
"""

import re
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_json
from vsslbox.visualization import markdown_table

BLOCK = re.compile(r'<!-- (\w+) -->\n.*?<!-- end -->', re.DOTALL)


def machine(data: Mapping) -> str:
    """Return the line that tells where figures come from."""
    what, count = (
        ('worker', data['workers']) if 'workers' in data else ('thread', data.get('threads', 1))
    )
    used = f'one {what}' if count == 1 else f'{count} {what}s'
    return f'{data["processor"]}, {data["cores"]} cores, {used}; torch {data["torch"]}:\n'


def kmeans(data: Mapping) -> str:
    """Return the table of tools/benchmark/kmeans.py."""
    ours = data['seconds']['vsslbox']
    rows = [
        [name, f'{statistics.median(seconds):.2f}', f'{_ratio(seconds, ours):.2f}']
        for name, seconds in data['seconds'].items()
    ]
    return markdown_table(('one iteration', 'seconds', 'relative to vsslbox'), rows)


def neighbours(data: Mapping) -> str:
    """Return the table of tools/benchmark/neighbours.py."""
    speeds = {
        name: data['queries'] * data['threads'] / own['cpu_seconds']
        for name, own in data['results'].items()
    }
    best = max(speed for name, speed in speeds.items() if name.startswith('faiss'))
    rows = [
        [name, f'{speed:.0f}', f'{speed / best:.2f}', f'{data["results"][name]["mib"]:.0f} MiB']
        for name, speed in speeds.items()
    ]
    header = (
        '',
        'queries a second of CPU',
        'relative to the best faiss',
        'memory beside the gallery',
    )
    return markdown_table(header, rows)


def steps(data: Mapping) -> str:
    """Return the table of tools/benchmark/steps.py."""
    forms = list(next(iter(data['seconds'].values())))
    rows = []
    for name, seconds in data['seconds'].items():
        plain = seconds[forms[0]]
        ratios = [f'{_ratio(plain, seconds[form]):.2f}' for form in forms[1:]]
        rows.append([name, f'{statistics.median(plain):.1f}', *ratios])
    header = ('', f'{forms[0]}, CPU seconds', *(f'{form}: times as fast' for form in forms[1:]))
    return markdown_table(header, rows)


def forms(data: Mapping) -> str:
    """Return the table of tools/benchmark/forms.py."""
    rows = []
    for name, disk in data['disk'].items():
        ratios = [f'{own[name]:.1f}' for own in data['ratios'].values()]
        rows.append([name, f'{disk:.1f}' if disk < 10 else f'{disk:.0f}', *ratios])
    return markdown_table(('form', 'bytes on the disk', *data['ratios']), rows)


def loader(data: Mapping) -> str:
    """Return the table of tools/benchmark/loader.py."""
    rows = []
    for name, report in data['reports'].items():
        for place, ratio in report['ratio'].items():
            share = report['share_of_decoding'][place]
            bound = f'{ratio / share:.1f}'
            rows.append([_method(name), place, f'{ratio:.1f}', f'{100 * share:.0f} %', bound])
    peer = f'times as fast as {data["against"]}'
    return markdown_table(('', 'colours in the', peer, 'decoding', 'were the rest free'), rows)


def attentive_probe(data: Mapping) -> str:
    """Return the table of tools/benchmark/attentive_probe.py."""
    sizes = ('heads', 'depth', 'tokens', 'width', 'batch_size')
    figures = data['figures']
    ways = [f'{figures[f"{way}, CPU s"]:.1f}' for way in ('one pass', 'loop')]
    row = [*(str(data[size]) for size in sizes), *ways, f'{figures["ratio"]:.1f}']
    header = (*sizes[:-1], 'videos a step', 'one pass, CPU seconds', 'loop', 'times as fast')
    return markdown_table(header, [row])


def decoding(data: Mapping) -> str:
    """Return the table of tools/benchmark/decoding.py."""
    kinds = list(next(iter(data['milliseconds'].values())))
    rows = [
        [_method(name), *(f'{statistics.median(own[kind]):.1f}' for kind in kinds)]
        for name, own in data['milliseconds'].items()
    ]
    return markdown_table(('milliseconds a sample', *kinds), rows)


def svm(data: Mapping) -> str:
    """Return the table of tools/benchmark/svm.py."""
    rows = []
    for size, solvers in data['sizes'].items():
        ours = solvers['vsslbox']
        for name, own in solvers.items():
            slower = own['cpu_seconds'] / ours['cpu_seconds']
            worse = 100 * (own['objective'] / ours['objective'] - 1)
            figures = [
                f'{own["cpu_seconds"]:.1f}',
                f'{slower:.1f}',
                f'{round(worse, 3) + 0.0:.3f} %',
            ]
            rows.append([size, name, *figures, f'{own["test_accuracy"]:.1f} %'])
    header = ('', '', 'CPU seconds', 'relative to vsslbox', 'objective above', 'accuracy')
    return markdown_table(header, rows)


TABLES: dict[str, Callable[[Mapping], str]] = {
    table.__name__: table
    for table in (attentive_probe, decoding, forms, kmeans, loader, neighbours, steps, svm)
}


def _method(name: str) -> str:
    """Return the method of a config of its data."""
    return name.removesuffix('_pretrain').upper()


def _ratio(others: list[float], ours: list[float]) -> float:
    """Return the median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(others, ours, strict=True))


def make_page(page: str, figures: Path) -> str:
    """Return a page with the tables of the figures in a folder.

    Raises:
        InputError: The page names a table that there is not.
    """

    def block(found: re.Match) -> str:
        name = found[1]
        if name not in TABLES:
            raise InputError(f'the page has a place for {name!r}, tables are {", ".join(TABLES)}')
        data = read_json(figures / f'{name}.json')
        return f'<!-- {name} -->\n{machine(data)}\n{TABLES[name](data).strip()}\n<!-- end -->'

    return BLOCK.sub(block, page)


def main() -> None:
    """Write the page."""
    parser = tool_parser(__doc__)
    parser.add_argument('--root', type=Path, default=Path(__file__).parents[2])
    docs = parser.parse_args().root / 'docs'
    path = docs / 'performance.md'
    path.write_text(make_page(path.read_text('utf-8'), docs / 'figures'), 'utf-8')


if __name__ == '__main__':
    run_command(main)
