"""Pretrain on generated videos without labels, and report what the model learned.

python tools/demo.py [--seed 0] [--work-dir work_dirs/demo] [--data data/demo]

The steps are ordinary commands; each is printed before it runs.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from vsslbox.apis.command_line import environment_of_training, run_command, tool_parser
from vsslbox.checkpoints import checkpoints_in, load_checkpoint
from vsslbox.datasets.readers import PyAVReader
from vsslbox.evaluation import Evaluated, FeatureSet, compare_figures
from vsslbox.preparation.text_files import read_json
from vsslbox.visualization import (
    Retrieval,
    Section,
    metrics_text,
    nearest_videos,
    write_report,
)
from vsslbox.visualization.training_curves import curves_html, panels_of
from vsslbox.visualization.training_log import read_training_log

ROOT = Path(__file__).resolve().parent.parent
PRETRAIN = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'
RETRIEVAL = 'configs/demo/retrieval_r18w16_64px.py'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('--seed', type=int, default=0, help='random seed of the training')
    parser.add_argument('--work-dir', type=Path, default=ROOT / 'work_dirs' / 'demo')
    parser.add_argument('--data', type=Path, default=ROOT / 'data' / 'demo')
    parser.add_argument('--videos', type=int, default=480, help='how many videos to make')
    parser.add_argument('--epochs', type=int, help="epochs of training, instead of the config's")
    args = parser.parse_args()
    if args.epochs is not None and args.epochs < 3:
        parser.error(f'--epochs {args.epochs}: the warm-up alone takes 2, give at least 3')
    return args


def main() -> None:
    """Run the demonstration."""
    args = parse_args()
    started = time.monotonic()
    work_dir, data = args.work_dir.resolve(), args.data.resolve()
    pretrained, random = work_dir / 'pretrained', work_dir / 'random'
    seed = ['--seed', args.seed]

    say('1/4 making videos')
    run('tools/data/make_demo_videos.py', data, '--videos', args.videos)

    say('2/4 pretraining without labels')
    training = ['--data-root', data / 'train', '--work-dir', work_dir / 'train']
    run('tools/train.py', PRETRAIN, *training, *seed, *epochs(args.epochs))
    checkpoint = checkpoints_in(work_dir / 'train')[0]

    say('3/4 retrieval on held-out videos')
    where = ['--data-root', data, *seed]
    options = ['--cfg-options', 'log_level=WARNING', 'test_cfg.features_out=features.pth']
    run('tools/test.py', RETRIEVAL, '--random-init', *where, '--work-dir', random, *options)
    run('tools/test.py', RETRIEVAL, checkpoint, *where, '--work-dir', pretrained, *options)

    say('4/4 report')
    records = {folder.name: read_json(folder / 'metrics.json') for folder in (random, pretrained)}
    metrics = {name: record['metrics'] for name, record in records.items()}
    print_table(metrics)
    details = dict(
        seed=args.seed,
        duration=f'{time.monotonic() - started:.0f} s',
        pretraining=PRETRAIN,
        protocol=RETRIEVAL,
        checkpoint_sha256=records['pretrained']['checkpoint_sha256'],
        queries=records['pretrained']['queries'],
        gallery=records['pretrained']['gallery'],
    )
    (work_dir / 'metrics.json').write_text(json.dumps(dict(**metrics, details=details), indent=2))
    before, after = (Evaluated(metrics[name], {}) for name in ('random', 'pretrained'))
    panels = panels_of({'training': read_training_log(work_dir / 'train')}, ['*loss*'])
    write_report(
        work_dir / 'report.html',
        title='VCLR on generated videos, without labels',
        figures=compare_figures(after, dict(random=[before]), {}),
        retrievals=shown_retrievals(pretrained / 'features.pth', data),
        sections=[
            Section('Training', 'The losses as they were logged.', list(curves_html(panels)))
        ],
        details=details,
    )
    print(f'\nmetrics: {work_dir / "metrics.json"}\nreport:  {work_dir / "report.html"}')


def say(text: str) -> None:
    """Announce a step."""
    print(f'\n=== {text}', flush=True)


def run(*command: object) -> None:
    """Run a Python tool from the root of the repository; a failure ends the demonstration."""
    words = [str(word) for word in command]
    print(f'$ python {shlex.join(words)}', flush=True)
    environment = environment_of_training()
    status = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment).returncode
    if status:
        sys.exit(status)


def epochs(number: int | None) -> list[str]:
    """Return the options for a training of another length than the config's."""
    if number is None:
        return []
    names = ['train_cfg.max_epochs', 'param_scheduler.1.end', 'param_scheduler.1.T_max']
    return ['--cfg-options', *(f'{name}={number}' for name in names)]


def print_table(metrics: dict[str, dict[str, float]]) -> None:
    """Print both runs side by side."""
    endings = ('R@1', 'R@5', 'top1')
    shown = {
        run: {name: value for name, value in values.items() if name.endswith(endings)}
        for run, values in metrics.items()
    }
    print(metrics_text(shown))


def shown_retrievals(features: Path, data_root: Path) -> list[Retrieval]:
    """Return some queries with their nearest videos as thumbnails; right means same appearance."""
    saved = load_checkpoint(features)
    queries, gallery = (FeatureSet(**saved[name]) for name in ('queries', 'gallery'))
    return nearest_videos(
        queries,
        gallery,
        ('appearance', 'motion'),
        lambda index: thumbnail(data_root / queries.attributes[index]['name']),
        lambda index: thumbnail(data_root / gallery.attributes[index]['name']),
    )


def thumbnail(path: Path) -> np.ndarray:
    """Return some frames of a video, uint8 ``[T, H, W, 3]``."""
    with closing(PyAVReader(str(path))) as reader:
        places = np.linspace(0, reader.num_frames - 1, 8).astype(int)
        return np.stack(reader.read(places.tolist()))


if __name__ == '__main__':
    run_command(main)
