"""Make or extend an index of videos: their features by a pretrained backbone, to search in.

python tools/embed.py VIDEOS... --checkpoint zoo://cvrl_r3d18w12_demo -o index [--list labels.csv]

VIDEOS are files, folders or patterns. The index is a folder with

* `videos.parquet`: path, bytes, modified (ns), seconds, fps, feature (float32, all of one length)
  and the columns of the list, a row a video;
* `index.json`: the checkpoint, its hash and the length of the features;
* `bad_videos.csv`: the videos that cannot be read, with the reason.

The same command again computes what is new or has changed, leaves out what no longer exists, and
goes on where it was stopped. Another checkpoint is refused.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.video_inferencer import video_files
from vsslbox.checkpoints.zoo import SCHEME, local_path
from vsslbox.search import read_labels, update_index
from vsslbox.utils import escaped, file_sha256, optional_module

SHOWN = 10  # names in a message


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('videos', nargs='+', help='files, folders or patterns')
    parser.add_argument(
        '--checkpoint', required=True, help='a checkpoint of pretraining: a file, or zoo://NAME'
    )
    parser.add_argument('-o', '--out', type=Path, required=True, help='folder of the index')
    parser.add_argument(
        '--list', type=Path, help='a CSV file with a column `path` and columns of labels'
    )
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--workers', type=int, default=2, help='processes that decode')
    parser.add_argument('--device', help='a GPU if there is one')
    return parser.parse_args()


def tell(what: str, videos: Sequence[str]) -> None:
    """Print a number of videos and the first of them."""
    if videos:
        print(f'{len(videos)} {what}')
        for video in videos[:SHOWN]:
            print(f'  {escaped(video)}')
        if len(videos) > SHOWN:
            print('  ...')


def main() -> None:
    """Embed."""
    args = parse_args()
    optional_module('pyarrow', 'search')  # before hours of work
    videos = [video for given in args.videos for video in video_files(given)]
    labels = None
    if args.list is not None:
        labels, missing = read_labels(args.list, [v for v in args.videos if os.path.isdir(v)])
        tell('rows of the list lead to no file:', missing)
    file = local_path(args.checkpoint)
    checkpoint = args.checkpoint if args.checkpoint.startswith(SCHEME) else str(file.absolute())
    embedder = VideoEmbedder(
        args.checkpoint,
        device=args.device,
        num_workers=args.workers,
        show_progress=True,
        skip_bad=True,
    )
    update = update_index(
        args.out, videos, embedder, checkpoint, file_sha256(file), labels, args.batch_size
    )
    tell('videos of the index no longer exist and were left out:', update.gone)
    tell('videos have changed and were computed again:', update.changed)
    tell(
        f'videos could not be read (listed in {args.out / "bad_videos.csv"}):',
        [f'{video}: {reason}' for video, reason in update.bad.items()],
    )
    print(f'{args.out}: {update.total} videos, {len(update.added)} of them new')


if __name__ == '__main__':
    run_command(main)
