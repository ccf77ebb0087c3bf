"""Write the features of a list of videos as arrays, one a tap.

python tools/extract_features.py CONFIG CHECKPOINT --out FOLDER [--list FILE | --videos FOLDER] ...

The config is that of a protocol; it gives the model and the test pipeline. Run the same command
again to resume a killed run.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    build_runner,
    on_videos,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.errors import InputError
from vsslbox.utils import whole_file


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config file of a protocol')
    parser.add_argument('checkpoint', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument('--out', type=Path, required=True, help='folder for the features')
    parser.add_argument(
        '--taps',
        nargs='+',
        help='stages of the backbone, such as layer3 layer4 (default: its output, `features`)',
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--list', type=Path, help="a list of videos below --data-root, instead of the config's"
    )
    source.add_argument('--videos', help='all videos of this folder')
    source.add_argument('--gallery', action='store_true', help="the config's gallery")
    parser.add_argument(
        '--format',
        choices=['npy', 'csv', 'h5'],
        default='npy',
        help='csv and h5 are added to npy',
    )
    add_common_options(parser)
    return parser.parse_args()


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write the command line's options into the config."""
    args.work_dir = args.work_dir or str(args.out / 'log')
    apply_common_options(config, args)
    config.load_from = args.checkpoint
    config.resume = False
    if args.gallery:
        config.test_dataloader = _gallery_of(config, args.config)
    if args.list is not None:
        config.test_dataloader.dataset.pop('where', None)
        config.test_dataloader.dataset.ann_file = str(args.list.absolute())
    config.test_dataloader.dataset = on_videos(config.test_dataloader.dataset, args.videos)
    config.test_cfg = dict(type='ExtractionLoop', folder=str(args.out))
    config.test_evaluator = []
    if args.taps:
        if config.model.type != 'FeatureExtractor':
            raise InputError(
                f'--taps needs a config whose model is a FeatureExtractor, in {args.config} it is '
                f'{config.model.type}'
            )
        taps = [int(tap) if tap.isdecimal() else tap for tap in args.taps]
        config.model = dict(config.model, type='TapExtractor', taps=taps)


def _gallery_of(config: Config, path: str) -> dict:
    if 'gallery_dataloader' not in config.test_cfg:
        raise InputError(f'{path} has no gallery: `test_cfg.gallery_dataloader` is missing')
    return config.test_cfg.gallery_dataloader


def write_csv(array: np.ndarray, path: Path) -> None:
    """Write an array as text: a header of ``index`` and the features' numbers, a line a video."""
    with open(path, 'w', encoding='utf-8') as file:
        print('index', *range(array.shape[1]), sep=',', file=file)
        for index, row in enumerate(array):
            # Nine digits distinguish all float32 numbers.
            print(index, *(f'{value:.9g}' for value in row), sep=',', file=file)


def write_h5(array: np.ndarray, path: Path) -> None:
    """Write an array as the data set ``features`` of an HDF5 file."""
    import h5py

    with h5py.File(path, 'w') as file:
        file.create_dataset('features', data=array)


def require_h5py() -> None:
    """Refuse to start without h5py, instead of failing after the extraction."""
    try:
        import h5py  # noqa: F401
    except ImportError:
        raise ImportError('--format h5 needs h5py: pip install h5py, or choose npy') from None


def main() -> None:
    """Extract the features."""
    args = parse_args()
    if args.format == 'h5':
        require_h5py()
    config = read_config(args)
    if config.get('test_dataloader') is None:
        raise InputError(f'{args.config} has no test_dataloader: give the config of a protocol')
    apply_args(config, args)
    build_runner(config).test()
    if not is_main_process():
        return
    record = json.loads((args.out / 'record.json').read_text(encoding='utf-8'))
    for tap, size in record['taps'].items():
        path = args.out / f'{tap}.{args.format}'
        if args.format != 'npy':
            array = np.load(args.out / f'{tap}.npy', mmap_mode='r')
            with whole_file(path) as unfinished:
                dict(csv=write_csv, h5=write_h5)[args.format](array, unfinished)
        print(f'{path}: {[record["videos"], size]}')


if __name__ == '__main__':
    run_command(main)
