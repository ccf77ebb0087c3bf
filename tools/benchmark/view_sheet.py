"""Draw the views of a few samples, as the model sees them, on a contact sheet.

python tools/benchmark/view_sheet.py CONFIG [--videos FOLDER] --out views.png

A row is a view, a column a frame; the views of one video follow each other. Transforms that the
config defers to the device are applied too.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch.utils.data import default_collate

from vsslbox.apis.command_line import on_videos, read_config, run_command
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.registry import DATASETS
from vsslbox.structures import SampleKey

CAPTION = 20  # pixels above a row
GAP = 4


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('config', help='a config with a train_dataloader')
    parser.add_argument('--videos', help="a folder of videos, instead of the config's data")
    parser.add_argument('--out', type=Path, default=Path('views.png'), help='the image to write')
    parser.add_argument('--samples', type=int, default=3, help='number of videos')
    parser.add_argument('--frames', type=int, default=8, help='most frames of a view')
    parser.add_argument('--height', type=int, default=112, help='height of a frame in pixels')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draws')
    parser.set_defaults(data_root=None, cfg_options=None)
    return parser.parse_args()


def views_of(sample: dict) -> list[np.ndarray]:
    """Return the views as the model sees them, but not normalised: uint8 ``[T, H, W, 3]``."""
    if 'deferred' not in sample:  # packed for a recognizer: nothing is left to the device
        return [view.permute(1, 2, 3, 0).numpy() for view in sample['inputs']]
    preprocessor = ViewsPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))
    batch = {name: default_collate([sample[name]]) for name in ('inputs', 'deferred')}
    views = preprocessor(batch)['inputs']
    return [v[0].permute(1, 2, 3, 0).round().to(torch.uint8).numpy() for v in views]


def draw_row(view: np.ndarray, caption: str, args: argparse.Namespace) -> np.ndarray:
    """Draw some frames of a view side by side, and a line of text above."""
    chosen = np.linspace(0, len(view) - 1, min(args.frames, len(view))).round().astype(int)
    width = round(view.shape[2] * args.height / view.shape[1])
    row = np.full((args.height + CAPTION, args.frames * (width + GAP), 3), 255, np.uint8)
    for column, frame in enumerate(view[chosen]):
        left = column * (width + GAP)
        small = cv2.resize(frame, (width, args.height), interpolation=cv2.INTER_AREA)
        row[CAPTION:, left : left + width] = small
    cv2.putText(row, caption, (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return row


def draw_sample(sample: dict, args: argparse.Namespace) -> list[np.ndarray]:
    """Draw the rows of a sample."""
    known = sample['data_samples']
    name = Path(known.get('attributes')['name']).name
    rows = []
    for view, meta in zip(views_of(sample), known.get('views')):
        indices = meta['frame_indices']
        if len(indices) > 6:
            shown = f'{len(indices)} frames, {indices[0]} to {indices[-1]}'
        else:
            shown = 'frames ' + ' '.join(map(str, indices))
        rows.append(draw_row(view, f'{name}   {meta["name"]}: {shown}', args))
    return rows


def stack(rows: list[np.ndarray]) -> np.ndarray:
    """Stack all rows, one below the other."""
    width = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(r, ((0, GAP), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    )


def main() -> None:
    """Draw the sheet."""
    args = parse_args()
    dataset_cfg = on_videos(read_config(args).train_dataloader.dataset.to_dict(), args.videos)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        dataset = DATASETS.build(dataset_cfg)
    rng = np.random.default_rng(args.seed)
    indices = rng.choice(len(dataset), min(args.samples, len(dataset)), replace=False)
    samples = [dataset[SampleKey(int(index), 0, args.seed)] for index in indices]
    sheet = stack([row for sample in samples for row in draw_sample(sample, args)])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(args.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
        raise OSError(f'could not write {args.out}: give a name that ends in .png or .jpg')
    print(f'{args.out}: {len(samples)} videos, {sheet.shape[1]}x{sheet.shape[0]} pixels')


if __name__ == '__main__':
    run_command(main)
