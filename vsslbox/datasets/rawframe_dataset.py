"""Lists of folders of frames."""

from itertools import count
from pathlib import PurePath
from typing import Any

from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.list_values import as_integer
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['RawframeDataset']


@DATASETS.register_module()
class RawframeDataset(BaseVideoDataset):
    """Videos as folders of images: those of a list, or all in a folder.

    The list is in mmaction2's format: a line is ``folder num_frames``, or
    ``folder offset num_frames``, followed by any number of labels. Without a list, every folder
    that holds images of the given name is a video, which ends at the first gap in their numbers.

    Args:
        ann_file: The list, relative to ``data_root``.
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder of the data.
        data_prefix: ``dict(img=...)``, the parent of the folders, below ``data_root``.
        filename_tmpl: The name of an image, with a placeholder for its number.
        with_offset: Whether lines give the number of frames to skip.
        start_index: The number of the first frame.
        kwargs: As for :class:`BaseVideoDataset`.

    Raises:
        FileNotFoundError: The folder, the list or a folder of the list does not exist.
        InputError: There are no frames, or the list cannot be read.
    """

    prefix_key = 'img'
    path_key = 'frame_dir'
    wanted = 'a folder'

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Steps = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        filename_tmpl: str = 'img_{:05}.jpg',
        with_offset: bool = False,
        start_index: int = 1,
        **kwargs: Any,
    ) -> None:
        if filename_tmpl.format(0) == filename_tmpl.format(1):
            raise InputError(
                f"filename_tmpl needs a placeholder for the number, as in 'img_{{:05}}.jpg', got "
                f'{filename_tmpl!r}'
            )
        self.filename_tmpl = filename_tmpl
        self.with_offset = with_offset
        counts = 'offset num_frames' if with_offset else 'num_frames'
        self.line_format = f'`folder {counts} [label ...]` with integers and at least one frame'
        super().__init__(
            ann_file, pipeline, data_root, data_prefix, start_index=start_index, **kwargs
        )

    def get_data_info(self, idx: int) -> dict:
        """Return the entry of a video, with the names of its images."""
        return dict(super().get_data_info(idx), filename_tmpl=self.filename_tmpl)

    def _search(self) -> list[dict]:
        found = {PurePath(folder).as_posix(): self._count(files) for folder, files in self._walk()}
        if not any(found.values()):
            first = self.filename_tmpl.format(self.start_index)
            raise InputError(f'no folder in {self.data_prefix["img"]} holds an image {first}')
        return [
            dict(attributes=dict(name=name), total_frames=num_frames, offset=0)
            for name, num_frames in sorted(found.items())
            if num_frames
        ]

    def _count(self, files: list[str]) -> int:
        """Count the frames before the first missing number."""
        names = set(files)
        numbers = count(self.start_index)
        end = next(n for n in numbers if self.filename_tmpl.format(n) not in names)
        return end - self.start_index

    def _row_key(self, entry: dict) -> tuple:
        return (*super()._row_key(entry), entry['offset'], entry['total_frames'])

    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        name, *fields = line.split()
        offset, num_frames, *labels = [0] * (not self.with_offset) + [
            as_integer(field) for field in fields
        ]
        if num_frames < 1:
            raise ValueError('no frames')
        return dict(attributes=dict(name=name), total_frames=num_frames, offset=offset), labels
