"""Draw the losses, learning rates and validations of trainings in one figure.

python tools/analysis/curves.py work_dirs/a work_dirs/b -o curves.html

Each run is a work directory or a scalars.json. The parts of a resumed training are joined: what a
later part logged again counts. The file is .html, which holds all that it shows, or a picture
(.png, .svg, .pdf).
"""

import argparse
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.utils import escaped, whole_file
from vsslbox.visualization import (
    Section,
    curves_figure,
    curves_html,
    panels_of,
    read_training_log,
    write_report,
)

PICTURES = ('.png', '.svg', '.pdf')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('runs', nargs='+', type=Path, help='work directories or scalars.json')
    parser.add_argument('-o', '--out', type=Path, default=Path('curves.html'))
    parser.add_argument('--by', choices=['iteration', 'epoch'], default='iteration')
    parser.add_argument('--keys', nargs='+', default=[], help='scalars or patterns such as loss*')
    return parser.parse_args()


def names_of(runs: list[Path]) -> list[str]:
    """Name runs by their last folder, or by their whole paths if these are equal.

    Raises:
        InputError: A run is named twice.
    """
    if len({run.resolve() for run in runs}) < len(runs):
        raise InputError('a run is named twice')
    short = [run.resolve().name for run in runs]
    names = short if len(set(short)) == len(runs) else map(str, runs)
    return [escaped(name) for name in names]


def main() -> None:
    """Draw the curves."""
    args = parse_args()
    if args.out.suffix not in ('.html', *PICTURES):
        raise InputError(f'{args.out} must end in one of .html, {", ".join(PICTURES)}')
    logs = {name: read_training_log(run) for name, run in zip(names_of(args.runs), args.runs)}
    panels = panels_of(logs, args.keys, by_epoch=args.by == 'epoch')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.out.suffix == '.html':
        section = Section('Curves', 'As they were logged.', list(curves_html(panels)))
        write_report(
            args.out,
            title='Trainings: ' + ', '.join(logs),
            details={name: str(run) for name, run in zip(logs, args.runs)},
            sections=[section],
        )
    else:
        with whole_file(args.out) as unfinished:
            curves_figure(panels).savefig(unfinished, format=args.out.suffix[1:], dpi=150)
    print(f'{args.out}: {", ".join(panel.name for panel in panels)}')


if __name__ == '__main__':
    run_command(main)
