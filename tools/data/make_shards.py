"""Pack the videos of a folder or list into indexed tar files (shards).

python tools/data/make_shards.py SRC DST [--data-root FOLDER] [--size 1GB] [--workers N] ...

DST gets shard-000000.tar, shard-000001.tar, ..., for each of them a record of its members
(shard-000000.json), and index.parquet, which says where each video of the list is. ShardDataset
trains on DST, from a disk or behind http:// or s3://; docs/shards.md shows how. Videos are copied
as they are. Beside each video is a JSON member with its columns in the list, so that webdataset
reads the shards, too.

The bytes depend on the list and the files alone, not on the number of processes. A second run
writes the shards that are missing. If videos are missing or cannot be read, all of them are listed
in DST/failed.csv, there is no index, and the exit status is 1.
"""

import argparse
from functools import partial
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.named_files import NamedFiles
from vsslbox.datasets.video_dataset import ENDINGS, VideoDataset
from vsslbox.errors import InputError
from vsslbox.preparation.shard_packing import (
    is_packed,
    list_columns,
    pack_shard,
    plan_hash,
    plan_shards,
    plan_videos,
    write_index,
)
from vsslbox.preparation.video_jobs import (
    Failure,
    add_job_options,
    check_settings,
    report_failures,
    run_jobs,
)
from vsslbox.utils import byte_size, optional_module


class Listing(VideoDataset):
    """A list whose files may be missing: all of them are reported together."""

    def _find_files(self, entries: list[dict]) -> None:
        files = NamedFiles(self.data_prefix['video'], self.wanted, self.ann_file, True)
        for entry in entries:
            attributes = entry['attributes']
            try:
                (name,) = files.find([attributes['name']])
            except (FileNotFoundError, InputError):  # opening it tells the reason
                continue
            if name != attributes['name']:
                attributes.update(dict.fromkeys({'name', 'path'} & attributes.keys(), name))


def read_list(args: argparse.Namespace) -> list[dict]:
    """Return the entries of the list or folder."""
    if args.source.is_dir():
        videos = Listing(data_root=str(args.source), endings=args.endings)
    else:
        root = str(args.data_root or args.source.parent)
        videos = Listing(str(args.source.resolve()), data_root=root, delimiter=args.delimiter)
    return [videos.get_data_info(index) for index in range(len(videos))]


def name_of_list(args: argparse.Namespace) -> str:
    """Return the path of the list relative to the folder of the videos, if it lies there."""
    path, root = args.source.resolve(), (args.data_root or args.source.parent).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', metavar='SRC', type=Path, help='folder or list of the videos')
    parser.add_argument('folder', metavar='DST', type=Path, help='folder of the shards')
    parser.add_argument('--size', default='1GB', help='the most bytes of a shard (default: 1GB)')
    parser.add_argument('--delimiter', default=' ', help='separator of the fields of a text list')
    parser.add_argument(
        '--endings', nargs='+', default=ENDINGS, help='endings of the videos of a folder'
    )
    add_job_options(parser)
    return parser.parse_args()


def main() -> None:
    """Pack and report."""
    args = parse_args()
    size = byte_size(args.size, '--size')
    optional_module('pyarrow', 'shards')
    if args.source.is_dir() and args.folder.resolve().is_relative_to(args.source.resolve()):
        raise InputError(f'{args.folder} lies in {args.source}: choose a folder outside it')
    infos = read_list(args)
    is_folder, is_csv = args.source.is_dir(), args.source.suffix.lower() == '.csv'
    columns = list_columns(infos, is_text=is_folder or not is_csv)
    videos, failures = plan_videos(infos)
    if failures:
        args.folder.mkdir(parents=True, exist_ok=True)
        print(f'{len(failures)} of {len(infos)} videos cannot be read; nothing is packed')
        report_failures(args.folder, failures)
    shards = plan_shards(videos, size)
    list_name = '' if is_folder else name_of_list(args)
    plan = dict(list=list_name, size=size, plan_sha256=plan_hash(shards))
    check_settings(args.folder, 'make_shards', plan)
    left = [shard for shard in shards if not is_packed(shard, args.folder)]
    work = partial(pack_shard, folder=args.folder)
    for shard, result in run_jobs(work, left, args.num_workers, 'packing'):
        if isinstance(result, Failure):
            result = {str(args.folder / shard.name): result.reason}
        failures.update(result)
    if not failures:
        write_index(args.folder, shards, columns, list_name)
    num_bytes = sum(video.size for video in videos)
    print(
        f'{len(videos)} videos of {num_bytes / 1e9:.3g} GB in {len(shards)} shards, '
        f'{len(shards) - len(left)} of which were already present'
    )
    report_failures(args.folder, failures)


if __name__ == '__main__':
    run_command(main)
