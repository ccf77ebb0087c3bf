"""Evaluate a checkpoint with a protocol.

python tools/test.py CONFIG CHECKPOINT [--data-root FOLDER] [--out FILE] [--dump FILE] ...
"""

import argparse
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    build_runner,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.errors import InputError
from vsslbox.registry import LOOPS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config file of the protocol')
    parser.add_argument('checkpoint', nargs='?', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument(
        '--random-init', action='store_true', help='no checkpoint: evaluate random initialisation'
    )
    parser.add_argument('--out', help='JSON file for the metrics (default: WORK_DIR/metrics.json)')
    parser.add_argument(
        '--dump',
        metavar='FILE',
        help='file for the predictions: .pkl as in OpenMMLab, or .csv of names, classes, scores',
    )
    add_common_options(parser)
    args = parser.parse_args()
    if (args.checkpoint is None) != args.random_init:
        parser.error('give a checkpoint, or --random-init to evaluate random initialisation')
    return args


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write the options of the command line into the config."""
    apply_common_options(config, args)
    config.load_from = args.checkpoint
    config.resume = False
    if args.out is not None:
        config.test_cfg.out = str(Path(args.out).absolute())
    if args.dump is not None:
        dump_predictions(config, args.dump)


def dump_predictions(config: Config, path: str) -> None:
    """Add the metric that writes the predictions to a file.

    Raises:
        InputError: The file has another ending, or the protocol evaluates features.
    """
    types = {
        '.pkl': ('DumpResults', 'out_file_path'),
        '.pickle': ('DumpResults', 'out_file_path'),
        '.csv': ('PredictionsFile', 'path'),
    }
    if (ending := Path(path).suffix.lower()) not in types:
        raise InputError(f'--dump takes a .pkl or a .csv file, got {path}')
    if LOOPS.get(config.test_cfg.type) is GalleryTestLoop:
        raise InputError(
            '--dump is for classifiers; this protocol evaluates features, which '
            'tools/extract_features.py writes'
        )
    type_, name = types[ending]
    metrics = config.test_evaluator
    metrics = [metrics] if isinstance(metrics, dict) else list(metrics)
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
    config.test_evaluator = [*metrics, {'type': type_, name: str(Path(path).absolute())}]


def main() -> None:
    """Evaluate."""
    args = parse_args()
    config = read_config(args)
    if config.get('test_cfg') is None:
        raise InputError(
            f'{args.config} has no test_cfg: give the config of a protocol, such as '
            'configs/vclr/benchmarks/retrieval_r50_ucf101.py'
        )
    apply_args(config, args)
    metrics = build_runner(config).test()
    if is_main_process():
        width = max(map(len, metrics), default=0)
        print('\n' + '\n'.join(f'{name:{width}}  {value:.6g}' for name, value in metrics.items()))


if __name__ == '__main__':
    run_command(main)
