"""What the commands share that make an index of videos, on one machine or on many."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vsslbox.apis.given_videos import videos_of
from vsslbox.checkpoints.zoo import SCHEME, local_path
from vsslbox.search import read_labels, update_index
from vsslbox.search.index_update import Embed
from vsslbox.utils import escaped, file_sha256, optional_module

__all__ = ['add_index_options', 'make_index']

SHOWN = 10  # names in a message


def add_index_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all of them have."""
    parser.add_argument('videos', nargs='+', help='files, folders, patterns, lists or shards')
    parser.add_argument(
        '--checkpoint', required=True, help='a checkpoint of pretraining: a file, or zoo://NAME'
    )
    parser.add_argument('-o', '--out', type=Path, required=True, help='folder of the index')
    parser.add_argument(
        '--list', type=Path, help='a CSV file with a column `path` and columns of labels'
    )
    parser.add_argument('--batch-size', type=int, default=8)


def make_index(args: argparse.Namespace, embed_by: Callable[[str, str], Embed]) -> None:
    """Make or extend the index that a command line names, and tell what has changed.

    Args:
        args: The command line.
        embed_by: Returns what computes the features by a checkpoint, which is given by its absolute
            path or as ``zoo://NAME``, and by the hash of its file.
    """
    optional_module('pyarrow', 'search')  # before hours of work
    videos = [video for given in args.videos for video in videos_of(given)]
    labels = None
    if args.list is not None:
        labels, missing = read_labels(args.list, [v for v in args.videos if os.path.isdir(v)])
        _tell('rows of the list lead to no file:', missing)
    file = local_path(args.checkpoint)
    checkpoint = args.checkpoint if args.checkpoint.startswith(SCHEME) else str(file.absolute())
    sha256 = file_sha256(file)
    embed = embed_by(checkpoint, sha256)
    update = update_index(args.out, videos, embed, checkpoint, sha256, labels)
    _tell('videos of the index no longer exist and were left out:', update.gone)
    _tell('videos have changed and were computed again:', update.changed)
    _tell(
        f'videos could not be read (listed in {args.out / "bad_videos.csv"}):',
        [f'{video}: {reason}' for video, reason in update.bad.items()],
    )
    print(f'{args.out}: {update.total} videos, {len(update.added)} of them new')


def _tell(what: str, videos: Sequence[str]) -> None:
    """Print a number of videos and the first of them."""
    if videos:
        print(f'{len(videos)} {what}')
        for video in videos[:SHOWN]:
            print(f'  {escaped(video)}')
        if len(videos) > SHOWN:
            print('  ...')
