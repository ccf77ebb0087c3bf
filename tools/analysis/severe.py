"""Summarise how well pretrainings do by the four factors of SEVERE.

python tools/analysis/severe.py scratch=work_dirs/scratch vdim=work_dirs/vdim [--json FILE]

NAME=FOLDER is a pretraining, and the folder of its tests: one folder for each config of
configs/severe that was tested, which has the name of the config and the metrics.json of
tools/test.py (configs/severe/README.md has the commands). The factors are the domain, the number of
samples, how alike the actions are, and the task. Each test has a value, half the width of its 95 %
interval, and the rank among the pretrainings that have it; each factor has the mean of its values
if all are there. Repetition counting, the eighth test of the paper, is not among them.
"""

import argparse
import json
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.evaluation.functional import wilson_interval

# The tests of each factor: what they are called, their config, and the value.
TOP1, MAP = 'acc/top1', 'acc/mean_average_precision'
FACTORS = {
    'domain': {
        'SSv2': ('finetune_r21d18_1xb32-32f-44e_sthv2', TOP1),
        'Gym99': ('finetune_r21d18_1xb32-32f-160e_gym99', TOP1),
    },
    'samples': {
        'UCF (10^3)': ('finetune_r21d18_1xb32-32f-160e_ucf101-10', TOP1),
        'Gym (10^3)': ('finetune_r21d18_1xb32-32f-160e_gym99-11', TOP1),
    },
    'actions': {
        'FX-S1': ('finetune_r21d18_1xb32-32f-160e_gym99-fx-s1', TOP1),
        'UB-S1': ('finetune_r21d18_1xb32-32f-160e_gym99-ub-s1', TOP1),
    },
    'task': {'Charades': ('finetune_r21d18_1xb16-32x8-57e_charades', MAP)},
}
TESTS = {name: test for tests in FACTORS.values() for name, test in tests.items()}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('methods', nargs='+', metavar='NAME=FOLDER', help='see above')
    parser.add_argument('--json', type=Path, help='file for the summary')
    return parser.parse_args()


def read_values(folder: Path) -> dict[str, dict]:
    """Return what each test that is there found, in percent.

    Raises:
        FileNotFoundError: There is no test.
        InputError: A record lacks its value.
    """
    found = {}
    for name, (config, metric) in TESTS.items():
        path = folder / config / 'metrics.json'
        if not path.is_file():
            continue
        record = json.loads(path.read_text(encoding='utf-8'))
        if metric not in record['metrics']:
            raise InputError(f'{path} has no {metric}; it has {sorted(record["metrics"])}')
        share = record['metrics'][metric]
        videos = record.get('test', {}).get('videos')
        found[name] = dict(value=100 * share)
        if videos and metric == TOP1:
            low, high = wilson_interval(share * videos, videos)
            found[name]['half_width'] = 50 * (high - low)
    if not found:
        raise FileNotFoundError(
            f'{folder} has no test of SEVERE, such as {next(iter(TESTS.values()))[0]}/metrics.json'
        )
    return found


def summarise(methods: dict[str, dict[str, dict]]) -> dict[str, dict]:
    """Add ranks and the means of factors to the values of each method."""
    for name in TESTS:
        having = [values for values in methods.values() if name in values]
        for values in having:
            better = sum(other[name]['value'] > values[name]['value'] for other in having)
            values[name]['rank'] = better + 1
    summary = {}
    for method, values in methods.items():
        means = {
            factor: sum(values[name]['value'] for name in tests) / len(tests)
            for factor, tests in FACTORS.items()
            if tests.keys() <= values.keys()
        }
        ranks = [found['rank'] for found in values.values()]
        summary[method] = dict(tests=values, factors=means, mean_rank=sum(ranks) / len(ranks))
    return summary


def table(summary: dict[str, dict]) -> list[str]:
    """Return the lines of a Markdown table."""
    heads = [f'{name} ({factor})' for factor, tests in FACTORS.items() for name in tests]
    lines = [' | '.join(['| pretraining', *heads, *FACTORS, 'mean rank |'])]
    lines.append('|---|' + '--:|' * (len(heads) + len(FACTORS) + 1))
    for method, own in summary.items():
        cells = [_cell(own['tests'].get(name)) for name in TESTS]
        cells += [f'{own["factors"][f]:.1f}' if f in own['factors'] else '-' for f in FACTORS]
        lines.append(' | '.join([f'| {method}', *cells, f'{own["mean_rank"]:.1f} |']))
    return lines


def _cell(found: dict | None) -> str:
    if found is None:
        return '-'
    width = f' ± {found["half_width"]:.1f}' if 'half_width' in found else ''
    return f'{found["value"]:.1f}{width} ({found["rank"]})'


def main() -> None:
    """Read, summarise, print and write."""
    args = parse_args()
    methods = {}
    for text in args.methods:
        name, equals, folder = text.partition('=')
        if not (name and equals and folder):
            raise InputError(f'expected NAME=FOLDER, such as vdim=work_dirs/vdim, got {text!r}')
        if name in methods:
            raise InputError(f'{name!r} is given twice')
        methods[name] = read_values(Path(folder))
    summary = summarise(methods)
    print('\n'.join(table(summary)))
    if args.json:
        args.json.write_text(json.dumps(summary, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    run_command(main)
