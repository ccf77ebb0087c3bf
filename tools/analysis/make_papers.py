"""Write docs/papers.md, the tables of the papers, from the metafiles of the four methods.

python tools/analysis/make_papers.py [--root REPOSITORY]
"""

from pathlib import Path

from mmengine.fileio import load

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.paper_tables import PaperRow, PaperTable, read_paper_tables
from vsslbox.visualization import markdown_table

INTRODUCTION = """\
# The papers' tables

Written by `tools/analysis/make_papers.py` from `configs/*/metafile.yml`: edit those.

Every row of every table of the papers, with its config and the command that reruns it: pretraining,
then training and testing as the protocol asks. `--dry-run` prints these steps instead, `--gpus`
sets the number of processes. A step that was stopped goes on where it ended. The numbers are the
papers' own, and a row without one has none that is known here;
[model_zoo.md](../model_zoo.md) has what was measured here.
"""
HEADER = ('row', 'paper', 'pretraining', 'evaluation', 'command')
SHORT = {'Top 1 Accuracy': 'top-1', 'Top 5 Accuracy': 'top-5'}


def make_page(metafiles: dict[str, Path]) -> str:
    """Return the page; the metafiles are given by the name of their folder."""
    parts = [INTRODUCTION]
    for name, path in metafiles.items():
        tables = read_paper_tables(path)
        if tables:
            (collection,) = load(path)['Collections']
            paper = collection['Paper']
            parts.append(f'## {collection["Name"]}\n\n[{paper["Title"]}]({paper["URL"]})\n')
            parts += [_section(name, table) for table in tables]
    return '\n'.join(parts)


def _section(paper: str, table: PaperTable) -> str:
    title = f'Table {table.number}' if table.number[0].isdigit() else table.number
    slug = table.number.lower().replace(' ', '')
    rows = [
        [row.name, _numbers(row), *_how(row, f'{paper} {slug} {index}')]
        for index, row in enumerate(table.rows, 1)
    ]
    return f'### {title}: {table.caption}\n\n{markdown_table(HEADER, rows)}'


def _numbers(row: PaperRow) -> str:
    return ', '.join(f'{SHORT.get(name, name)} {value}' for name, value in row.paper.items())


def _how(row: PaperRow, row_id: str) -> list[str]:
    """Return the cells of pretraining, evaluation and command."""
    if row.reason:
        return ['', '', f'none: {row.reason}']
    pretrain = ', '.join(_link(source) for source in row.pretrain.values())
    evaluate = _link(row.evaluate) if row.evaluate else ''
    if row.guide:
        command = f'the steps of {_link(row.guide)}'
    else:
        command = f'`python tools/rerun.py {row_id}`'
    return [pretrain, evaluate, command]


def _link(target: str) -> str:
    if '://' in target:
        return f'`{target}`'
    return f'[{Path(target).stem}](../{target})'


def main() -> None:
    """Write the page."""
    parser = tool_parser(__doc__)
    checkout = Path(__file__).resolve().parents[2]
    parser.add_argument('--root', type=Path, default=checkout, help='the repository')
    root = parser.parse_args().root
    metafiles = {path.parent.name: path for path in sorted(root.glob('configs/*/metafile.yml'))}
    (root / 'docs' / 'papers.md').write_text(make_page(metafiles), 'utf-8')


if __name__ == '__main__':
    run_command(main)
