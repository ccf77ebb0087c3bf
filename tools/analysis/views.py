"""Draw what a model sees of some videos, beside the original frames.

python tools/analysis/views.py CONFIG --data-root path/to/videos -o views.png

A row is a view: original frames, with a box around what the view shows, then the view as the model
sees it, after all augmentations. The views of one video, such as positives, have a bar of one
colour. `--loader test` draws the views of an evaluation.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.utils.data import Dataset, default_collate

from vsslbox.apis.command_line import (
    add_config_options,
    on_videos,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.errors import InputError
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.registry import DATASETS
from vsslbox.structures import SampleKey
from vsslbox.utils import escaped
from vsslbox.visualization import (
    SheetView,
    TracedView,
    ViewTracer,
    draw_view_sheet,
)

LOADERS = dict(
    train='train_dataloader',
    val='val_dataloader',
    test='test_dataloader',
    gallery='test_cfg.gallery_dataloader',
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='a config of training or evaluation')
    parser.add_argument('--data-root', help="a folder of videos, instead of the config's data")
    parser.add_argument('-o', '--out', type=Path, default=Path('views.png'))
    parser.add_argument('--loader', choices=LOADERS, help='train, or test if there is none')
    parser.add_argument('--samples', type=int, default=3, help='number of videos')
    parser.add_argument('--frames', type=int, default=4, help='most frames of a view')
    parser.add_argument('--height', type=int, default=112, help='height of a frame in pixels')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draws')
    add_config_options(parser)
    return parser.parse_args()


def data_set(config: Config, loader: str | None, folder: str | None) -> Dataset:
    """Build the data set of a loader, on the videos of a folder if one is given.

    Raises:
        InputError: The config has no such loader, or its data set makes no views of videos.
    """
    names = [loader] if loader else ['train', 'test']
    found = (node for name in names if (node := config.get(LOADERS[name], None)))
    if loader == 'gallery':
        found = iter([config.test_cfg.get('gallery_dataloader')] if config.get('test_cfg') else [])
    chosen = next(found, None)
    if chosen is None:
        raise InputError(f'the config has no {" or ".join(LOADERS[name] for name in names)}')
    with DefaultScope.overwrite_default_scope('vsslbox'):
        dataset = DATASETS.build(on_videos(chosen.dataset.to_dict(), folder))
    if not hasattr(dataset, 'pipeline'):
        raise InputError(f'{type(dataset).__name__} has no pipeline of its own that makes views')
    return dataset


def as_seen(sample: dict, traced: list[TracedView]) -> list[np.ndarray]:
    """Return the views as the model sees them, but not normalised: uint8 ``[T, H, W, 3]``."""
    if 'deferred' not in sample:  # nothing is left to the device
        return [np.stack(each.view.frames) for each in traced]
    preprocessor = ViewsPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))
    batch = {name: default_collate([sample[name]]) for name in ('inputs', 'deferred')}
    views = preprocessor(batch)['inputs']
    return [v[0].permute(1, 2, 3, 0).round().to(torch.uint8).numpy() for v in views]


def sheet_view(name: str, traced: TracedView, frames: np.ndarray) -> SheetView:
    """Return a view with its caption."""
    indices = traced.view.frame_indices
    if len(indices) <= 6:
        shown = f'frame{"s" * (len(indices) > 1)} ' + ' '.join(map(str, indices))
    else:
        shown = f'{len(indices)} frames, {indices[0]} to {indices[-1]}'
    notes = [f'{name}   {traced.view.name}: {shown}']
    mirrored = traced.crops[:, 0] > traced.crops[:, 2]
    if traced.unknown:
        notes.append(f'{traced.unknown} hides what is shown')
    elif mirrored.any():
        notes.append('mirrored' if mirrored.all() else 'some mirrored')
    boxes = None if traced.unknown else _sorted(traced.crops)
    return SheetView('; '.join(notes), frames, traced.originals, boxes)


def _sorted(crops: np.ndarray) -> np.ndarray:
    """Return boxes whose left side is left, whether mirrored or not."""
    left, right = np.sort(crops[:, [0, 2]], axis=1).T
    return np.stack([left, crops[:, 1], right, crops[:, 3]], axis=1)


def main() -> None:
    """Draw the sheet."""
    args = parse_args()
    folder, args.data_root = args.data_root, None
    dataset = data_set(read_config(args), args.loader, folder)
    tracer = ViewTracer()
    dataset.pipeline.transforms = tracer.wrap(dataset.pipeline.transforms)
    rng = np.random.default_rng(args.seed)
    chosen = rng.choice(len(dataset), min(args.samples, len(dataset)), replace=False)
    videos = []
    for index in chosen:
        sample = dataset[SampleKey(int(index), 0, args.seed)]
        if not tracer.views:
            raise InputError('the pipeline decodes no views (DecodeViews)')
        name = escaped(Path(sample['data_samples'].get('attributes')['name']).name)
        seen = as_seen(sample, tracer.views)
        videos.append([sheet_view(name, *pair) for pair in zip(tracer.views, seen, strict=True)])
    sheet = draw_view_sheet(videos, args.frames, args.height)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.haveImageWriter(str(args.out)):
        raise InputError(f'{args.out} must end in .png or .jpg')
    if not cv2.imwrite(str(args.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
        raise OSError(f'{args.out} cannot be written')
    print(f'{args.out}: {len(videos)} videos, {sheet.shape[1]}x{sheet.shape[0]} pixels')


if __name__ == '__main__':
    run_command(main)
