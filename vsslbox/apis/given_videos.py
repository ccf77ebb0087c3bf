"""Files, folders, patterns and lists that the command line names, and training on them."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from vsslbox.apis.video_inferencer import video_files
from vsslbox.datasets import ShardDataset, VideoDataset
from vsslbox.datasets.shards.shard_index import INDEX
from vsslbox.errors import InputError
from vsslbox.preparation.curation import name_of, read_table
from vsslbox.preparation.text_files import write_csv
from vsslbox.registry import DATASETS
from vsslbox.search import VideoIndex, is_index
from vsslbox.utils import escaped, is_utf8

__all__ = ['train_on', 'videos_of']

LISTS = ('.csv', '.parquet', '.txt')


def train_on(config: Config, given: Sequence[str]) -> None:
    """Let a config train on these videos, by a list ``videos.csv`` in its work directory.

    Args:
        config: A config of training with ``work_dir``.
        given: Files, folders and patterns such as ``clips/*.mp4``.

    Raises:
        InputError: There is no such video, a name is not UTF-8, or the config does not train on
            video files.
    """
    dataset = config.train_dataloader.dataset
    kind = DATASETS.get(dataset.type)
    if not (isinstance(kind, type) and issubclass(kind, VideoDataset)):
        raise InputError(
            f'--videos is for a config that trains on video files (VideoDataset), not on '
            f'{dataset.type}'
        )
    found = (str(Path(file).absolute()) for place in given for file in video_files(place))
    files = list(dict.fromkeys(found))
    odd = [escaped(file) for file in files if not is_utf8(file)]
    if odd:
        raise InputError(
            f'--videos cannot list {len(odd)} of {len(files)} files, whose names are not UTF-8, '
            f'such as {odd[0]}: rename them, or name their folder by --data-root'
        )
    path = Path(config.work_dir, 'videos.csv').absolute()
    write_csv(path, [('path',), *((file,) for file in files)])
    dataset.update(data_root='', ann_file=str(path), data_prefix=dict(video=''))
    for selection in ('where', 'label'):  # of another list
        dataset.pop(selection, None)


def videos_of(source: str) -> list[str]:
    """Return the videos of a file, a folder, a pattern, a list, a folder of shards, or an index.

    Segments that a list (CSV, Parquet or text) names, and members of shards, have the names that
    :func:`vsslbox.datasets.video_names.keys_of` reads.

    Raises:
        FileNotFoundError: There is no such list.
        InputError: There is no such video, or a folder, a pattern or a list has none, or the list
            has a row twice.
    """
    path = Path(source)
    if is_index(path):
        return VideoIndex.read(path).paths
    if path.is_file() and path.suffix.lower() in LISTS:
        return [name_of(row) for row in read_table(path).rows]
    if path.is_dir() and (path / INDEX).is_file() and any(path.glob('*.tar')):
        shards = ShardDataset(data_root=os.path.abspath(path))
        return [shards.get_data_info(place)['filename'] for place in range(len(shards))]
    return list(dict.fromkeys(video_files(source)))
