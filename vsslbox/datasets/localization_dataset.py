"""Features of untrimmed videos, and their annotated segments."""

import hashlib
import os
from pathlib import Path
from typing import Any

from mmaction.datasets import ActivityNetDataset

from vsslbox.datasets.annotated_segments import check_segments
from vsslbox.datasets.transforms.steps import Steps, build_steps
from vsslbox.datasets.video_folders import entries_of, kind_of
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS
from vsslbox.structures import SampleKey
from vsslbox.utils import read_json

__all__ = ['LocalizationDataset']


@DATASETS.register_module()
class LocalizationDataset(ActivityNetDataset):
    """mmaction2's data set for localization, with features in CSV or other formats.

    Args:
        ann_file: The annotations, a JSON file such as ``anet_anno_train.json``: for the name of
            each video ``duration_frame``, ``duration_second``, ``feature_frame`` (the frames that
            the features cover) and ``annotations`` (each a ``segment`` in seconds and a ``label``).
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder that the other paths are relative to.
        data_prefix: ``dict(video=...)``, the folder of the features.
        ending: The ending of feature files, which follows the name of the video.
        test_mode: Whether videos without annotations are allowed.
        kwargs: As for mmaction2's ``BaseActionDataset``.

    Raises:
        FileNotFoundError: The annotations or features do not exist.
        InputError: A training video has no annotation, or the list is wrong; see
            :func:`check_segments`.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: Steps,
        data_root: str = '',
        data_prefix: dict | None = None,
        ending: str = '.csv',
        test_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        self.ending = ending
        super().__init__(
            ann_file,
            pipeline=build_steps(pipeline),
            data_root=data_root,
            data_prefix=data_prefix or dict(video='features'),
            test_mode=test_mode,
            **kwargs,
        )

    def __getitem__(self, key: SampleKey | int) -> dict:
        """Return the sample of a key, which is not random."""
        return super().__getitem__(key.index if isinstance(key, SampleKey) else key)

    def list_hash(self) -> str:
        """Return the SHA-256 of the names of all videos, in order, independent of ``data_root``."""
        names = (self.get_data_info(index)['video_name'] for index in range(len(self)))
        return hashlib.sha256(b''.join(os.fsencode(name) + b'\n' for name in names)).hexdigest()

    def load_data_list(self) -> list[dict]:
        """Return the annotations of all videos."""
        videos, folder = self._read_list(), Path(self.data_prefix['video'])
        check_segments(videos, self.ann_file)
        found = entries_of(str(folder))
        present = {name for name, entry in found.items() if kind_of(entry) == 'a file'}
        entries, missing = [], []
        for video, entry in videos.items():
            name = video + self.ending
            entries.append(dict(entry, video_name=video, feature_path=str(folder / name)))
            if name not in present:
                missing.append(name)
            if not self.test_mode and not entry['annotations']:
                raise InputError(
                    f'{self.ann_file} has no annotations of {video}, which training needs: leave '
                    'this video out'
                )
        if missing:
            raise FileNotFoundError(
                f'{len(missing)} of {len(entries)} in {self.ann_file} have no features in {folder} '
                f'({", ".join(missing[:3])}, ...): set `data_root`, `data_prefix` and `ending`'
            )
        return entries

    def _read_list(self) -> dict:
        """Return the entries by video, from JSON alone: mmengine would unpickle a file in .pkl."""
        path = Path(self.ann_file)
        if not path.is_file():
            raise FileNotFoundError(
                f'no annotations at {path}: set `ann_file`, relative to `data_root`'
            )
        videos = read_json(path)
        if not isinstance(videos, dict) or not videos:
            raise InputError(f'{path} must have an entry for each video, by its name')
        return videos
