"""Training on files, folders and patterns that the command line names."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from vsslbox.apis.video_inferencer import video_files
from vsslbox.datasets import VideoDataset
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.registry import DATASETS

__all__ = ['train_on']


def train_on(config: Config, given: Sequence[str]) -> None:
    """Let a config train on these videos, by a list ``videos.csv`` in its work directory.

    Args:
        config: A config of training with ``work_dir``.
        given: Files, folders and patterns such as ``clips/*.mp4``.

    Raises:
        InputError: There is no such video, or the config does not train on video files.
    """
    dataset = config.train_dataloader.dataset
    kind = DATASETS.get(dataset.type)
    if not (isinstance(kind, type) and issubclass(kind, VideoDataset)):
        raise InputError(
            f'--videos is for a config that trains on video files (VideoDataset), not on '
            f'{dataset.type}'
        )
    files = (str(Path(file).absolute()) for place in given for file in video_files(place))
    path = Path(config.work_dir, 'videos.csv').absolute()
    write_csv(path, [('path',), *((file,) for file in dict.fromkeys(files))])
    dataset.update(data_root='', ann_file=str(path), data_prefix=dict(video=''))
    for selection in ('where', 'label'):  # of another list
        dataset.pop(selection, None)
