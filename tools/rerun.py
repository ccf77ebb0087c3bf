"""Rerun a row of a paper's table: pretrain, then train and test as its protocol asks.

python tools/rerun.py PAPER TABLE ROW [--gpus 8] [--dry-run] [--work-dirs work_dirs]

python tools/rerun.py cvrl 2 1            # the first row of CVRL's Table 2
python tools/rerun.py cvrl figure4 2

docs/papers.md has all rows. A step that is done is not repeated, one that was stopped goes on.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.paper_tables import PaperRow, read_paper_tables, start_variables
from vsslbox.checkpoints import checkpoints_in
from vsslbox.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('paper', help='a folder of configs/: vclr, cvrl, vdim, vie')
    parser.add_argument('table', help='its number in the paper; figure4 for a figure')
    parser.add_argument('row', type=int, help='the number of the row, from 1')
    parser.add_argument('--gpus', type=int, help="processes, instead of the config's")
    parser.add_argument('--work-dirs', type=Path, default=ROOT / 'work_dirs', help='their folder')
    parser.add_argument('--dry-run', action='store_true', help='print the steps only')
    args = parser.parse_args()
    args.work_dirs = args.work_dirs.absolute()
    return args


def find_row(paper: str, table: str, number: int) -> PaperRow:
    """Return a row of a table.

    Raises:
        InputError: There is no such paper, table or row, or the row has no command.
    """
    metafile = ROOT / 'configs' / paper / 'metafile.yml'
    tables = read_paper_tables(metafile) if metafile.is_file() else []
    rows = {item.number.lower().replace(' ', ''): item.rows for item in tables}
    if table.lower() not in rows:
        known = ', '.join(rows) or 'no tables'
        raise InputError(f'{metafile} has no table {table}: it has {known}')
    found = rows[table.lower()]
    if not 1 <= number <= len(found):
        raise InputError(f'table {table} of {paper} has rows 1 to {len(found)}, not {number}')
    row = found[number - 1]
    if row.reason:
        raise InputError(f'"{row.name}" cannot be rerun: {row.reason}')
    if row.guide:
        raise InputError(f'"{row.name}" takes the steps of {row.guide}')
    return row


class Steps:
    """Runs the steps of a row, or prints them.

    Args:
        args: The command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.start: dict[str, str] = {}  # weights by the variable that names them
        self.names: dict[str, str] = {}  # a few words for the weights, in names of folders

    def run(self, row: PaperRow) -> None:
        """Run all steps of a row."""
        weights = None
        for variable, source in row.pretrain.items():
            weights = self.train(source) if source.endswith('.py') else source
            self.names.setdefault(weights, Path(weights).stem)
            for name in [variable] if variable else _read_by(row.evaluate):
                self.start[name] = weights
        if row.evaluate is None:
            return
        if Config.fromfile(ROOT / row.evaluate).get('train_cfg'):
            weights = self.train(row.evaluate)
            work_dir = Path(weights).parent
        else:
            work_dir = self._work_dir(row.evaluate, [weights] if weights else [])
        weights = weights or '--random-init'
        where = ['--work-dir', work_dir]
        self._call('dist_test.sh', row.evaluate, weights, self._gpus(row.evaluate), *where)

    def train(self, config: str) -> str:
        """Train a config, or go on with it; return its last checkpoint."""
        read = [self.start[name] for name in _read_by(config) if name in self.start]
        work_dir = self._work_dir(config, read)
        where = ['--work-dir', work_dir, '--resume']
        self._call('dist_train.sh', config, self._gpus(config), *where)
        weights = work_dir / 'LAST.pth' if self.args.dry_run else checkpoints_in(work_dir)[0]
        self.names[str(weights)] = work_dir.name
        return str(weights)

    def _gpus(self, config: str) -> int:
        """Return the number of processes: as asked for, or as the name of the config says."""
        named = re.search(r'_(\d+)xb\d', Path(config).stem)
        return self.args.gpus or int(named[1] if named else 8)

    def _work_dir(self, config: str, weights: list[str]) -> Path:
        """Return the folder of a config's results, one for each set of start weights."""
        names = [self.names[each] for each in dict.fromkeys(weights)]
        return self.args.work_dirs / '_from_'.join([Path(config).stem, *names])

    def _call(self, script: str, config: str, *words: object) -> None:
        """Run a script with the start weights in its environment."""
        command = ['bash', f'tools/{script}', config, *map(str, words)]
        variables = [f'{name}={weights}' for name, weights in self.start.items()]
        print('$', shlex.join([*variables, *command]), flush=True)
        if not self.args.dry_run:
            environment = {**os.environ, **self.start}
            status = subprocess.run(command, cwd=ROOT, env=environment).returncode
            if status:
                sys.exit(status)


def _read_by(config: str | None) -> list[str]:
    """Return the variables by which a config is told its start weights."""
    return [] if config is None else start_variables(ROOT / config)


def main() -> None:
    """Rerun the row."""
    args = parse_args()
    row = find_row(args.paper, args.table, args.row)
    Steps(args).run(row)
    if row.paper:
        print(f"the paper's numbers: {', '.join(f'{k} {v}' for k, v in row.paper.items())}")


if __name__ == '__main__':
    run_command(main)
