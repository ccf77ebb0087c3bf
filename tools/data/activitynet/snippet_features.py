"""Write the features of untrimmed videos for BMN: class scores or features of every 16 frames.

python tools/data/activitynet/snippet_features.py CONFIG CHECKPOINT VIDEOS --out FOLDER
    [--kind {scores,pooled}] [--ending {.csv,.npy}] [--steps 100] [--clip-len 1] ...

CONFIG is that of the checkpoint's model, of vsslbox or mmaction2; VIDEOS is a folder or a list. Run
it again to resume. Then annotate_features.py writes the annotations.
"""

import argparse
from functools import partial
from pathlib import Path, PurePath

import cv2
from mmengine.config import Config
from mmengine.device import get_device
from torch.utils.data import DataLoader

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.snippet_dataset import SnippetDataset
from vsslbox.engine.worker import start_worker
from vsslbox.errors import InputError
from vsslbox.evaluation.features import (
    class_scores,
    encode_snippets,
    load_trained_model,
    note_video,
    noted_videos,
    pooled_features,
    rescale_features,
    write_features,
)
from vsslbox.preparation.video_jobs import (
    add_job_options,
    check_settings,
    list_videos,
    report_failures,
)
from vsslbox.utils import escaped, file_sha256, track

KINDS = {'scores': class_scores, 'pooled': pooled_features}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help="the config of the checkpoint's model")
    parser.add_argument('checkpoint', help='the checkpoint file')
    parser.add_argument('videos', type=Path, help='folder of the videos, or a list of them')
    parser.add_argument('--out', type=Path, required=True, help='folder for the features')
    parser.add_argument(
        '--kind', choices=KINDS, default='scores', help='class scores, or pooled features'
    )
    parser.add_argument(
        '--ending', choices=('.csv', '.npy'), default='.csv', help='.npy is read much faster'
    )
    parser.add_argument('--steps', type=int, default=100, help='steps of a video')
    parser.add_argument('--stride', type=int, default=16, help='frames from snippet to snippet')
    parser.add_argument('--clip-len', type=int, default=1, help='frames of a snippet')
    parser.add_argument('--frame-interval', type=int, default=1, help='frames between these')
    parser.add_argument('--short-side', type=int, default=256, help='in pixels')
    parser.add_argument('--crop', type=int, default=256, help='side of the centre crop, in pixels')
    parser.add_argument('--batch-size', type=int, default=32, help='snippets at a time')
    add_job_options(parser, least_workers=0)
    args = parser.parse_args()
    numbers = args.steps, args.stride, args.clip_len, args.frame_interval, args.batch_size
    if min(*numbers, args.crop) < 1 or args.short_side < args.crop:
        parser.error('all numbers must be at least 1, and --short-side at least --crop')
    return args


def by_stem(videos: dict[str, str]) -> dict[str, str]:
    """Return the paths of videos by their file names without ending.

    Raises:
        InputError: Two videos have the same name.
    """
    paths: dict[str, str] = {}
    for name, path in videos.items():
        other = paths.setdefault(PurePath(name).stem, path)
        if other != path:
            raise InputError(f'{escaped(other)} and {escaped(path)} have the same name: rename one')
    return paths


def use_one_thread(worker_id: int) -> None:
    """Keep OpenCV from starting threads in each worker."""
    cv2.setNumThreads(0)


def main() -> None:
    """Extract the features that are not there yet."""
    args = parse_args()
    if not Path(args.config).is_file():
        raise FileNotFoundError(f'no config file at {args.config}')
    videos = by_stem(list_videos(args.videos, args.data_root))
    model = load_trained_model(Config.fromfile(args.config), args.checkpoint, get_device())
    same = ('kind', 'steps', 'stride', 'clip_len', 'frame_interval', 'short_side', 'crop', 'ending')
    settings = {name: getattr(args, name) for name in same}
    settings['checkpoint_sha256'] = file_sha256(args.checkpoint)
    check_settings(args.out, 'snippet_features', settings)
    noted = noted_videos(args.out)
    left = {
        video: path
        for video, path in videos.items()
        if video not in noted or not (args.out / f'{video}{args.ending}').is_file()
    }
    snippets = SnippetDataset(
        left,
        stride=args.stride,
        clip_len=args.clip_len,
        frame_interval=args.frame_interval,
        short_side=args.short_side,
        crop=args.crop,
        batch_size=args.batch_size,
    )
    loader = DataLoader(
        snippets,
        batch_size=None,
        num_workers=args.num_workers,
        worker_init_fn=partial(start_worker, use_one_thread),
    )
    failures = {}
    for result in track(encode_snippets(model, KINDS[args.kind], loader), 'features', len(left)):
        if result.error:
            failures[left[result.video]] = result.error
            continue
        features = rescale_features(result.features, args.steps)
        write_features(args.out / f'{result.video}{args.ending}', features)
        covered = len(result.features) * args.stride
        note_video(args.out, result.video, result.num_frames, covered)
    print(
        f'{len(left) - len(failures)} videos done, {len(videos) - len(left)} were there already, '
        f'{len(failures)} failed'
    )
    report_failures(args.out, failures)


if __name__ == '__main__':
    run_command(main)
