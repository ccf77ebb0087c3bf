"""Lists of shots of videos."""

import math
from typing import Any

from vsslbox.datasets.transforms.reading import OpenVideo, RestrictToShot
from vsslbox.datasets.video_dataset import VideoDataset
from vsslbox.datasets.video_names import segment_name
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['ShotDataset']


@DATASETS.register_module()
class ShotDataset(VideoDataset):
    """Shots of videos, each of which is a sample of its own.

    The list is a CSV file with columns ``start`` and ``end`` in seconds, as
    ``tools/data/find_shots.py`` writes it. Each shot has its own name, such as
    ``path.mp4[1.5:4]``, so that the hash of the list depends on the shots. The pipeline is that of
    whole videos: :class:`RestrictToShot` is put behind its ``OpenVideo``.

    Args:
        args, kwargs: As for :class:`VideoDataset`.

    Raises:
        InputError: The list does not give the shots, or the pipeline does not open video files.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = self.pipeline.transforms
        places = [place for place, step in enumerate(steps) if isinstance(step, OpenVideo)]
        if not places and steps:
            raise InputError('ShotDataset needs a pipeline with OpenVideo, which opens the files')
        if places and not any(isinstance(step, RestrictToShot) for step in steps):
            steps.insert(places[0] + 1, RestrictToShot())

    def load_data_list(self) -> list[dict]:
        """Return the entries of all shots."""
        entries = super().load_data_list()
        for entry in entries:
            shot = entry['shot'] = self._shot(entry['attributes'])
            entry['attributes']['name'] = segment_name(entry['attributes']['name'], *shot)
        return entries

    def _row_key(self, entry: dict) -> tuple:
        return *super()._row_key(entry), *self._shot(entry['attributes'])

    def _shot(self, attributes: dict) -> tuple[float, float]:
        """Return the start and the end of a row."""
        values: list[Any] = [attributes.get(name) for name in ('start', 'end')]
        try:
            start, end = map(float, map(str, values))
        except ValueError:
            start = end = math.nan
        if '_' in f'{values}' or not 0 <= start < end < math.inf:
            raise InputError(
                'ShotDataset needs a CSV list with columns `start` and `end` in seconds, '
                f'0 <= start < end, got {values[0]!r} and {values[1]!r} for {attributes["name"]} '
                f'of {self.ann_file or "a folder"}: tools/data/find_shots.py makes one'
            )
        return start, end
