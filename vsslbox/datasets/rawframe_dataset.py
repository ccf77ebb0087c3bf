"""Lists of folders of frames."""

from collections.abc import Callable, Sequence
from pathlib import Path

from vsslbox.datasets.base_video_dataset import BaseVideoDataset, ListLineError, refuse_missing
from vsslbox.registry import DATASETS

__all__ = ['RawframeDataset']


@DATASETS.register_module()
class RawframeDataset(BaseVideoDataset):
    """Videos as folders of images: those of a list, or all in a folder.

    The list is in mmaction2's format: a line is ``folder num_frames`` with any number of labels
    behind, or ``folder offset num_frames`` and so on. Without a list, every folder that holds
    images of the given name is a video.

    Args:
        ann_file: The list, relative to ``data_root``.
        pipeline: Configs of transforms.
        data_root: The folder of the data.
        data_prefix: ``dict(img=...)``, the folder of the folders below ``data_root``.
        filename_tmpl: The name of an image, with a place for its number.
        with_offset: Whether lines give the number of frames to pass over.
        start_index: The number of the first frame.
        kwargs: As for :class:`BaseVideoDataset`.

    Raises:
        FileNotFoundError: The folder, the list or a folder of the list doesn't exist.
        ValueError: There are no frames, or the list can't be read.
    """

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Sequence[dict | Callable] = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        filename_tmpl: str = 'img_{:05}.jpg',
        with_offset: bool = False,
        start_index: int = 1,
        **kwargs,
    ) -> None:
        self.filename_tmpl = filename_tmpl
        self.with_offset = with_offset
        super().__init__(
            ann_file,
            pipeline,
            data_root,
            data_prefix or dict(img=''),
            start_index=start_index,
            **kwargs,
        )

    def load_data_list(self) -> list[dict]:
        """Find the videos."""
        folder = Path(self.data_prefix['img'] or '.')
        if not self.ann_file:
            return self._search(folder)
        entries = []
        for number, line in self._read_lines():
            entry = self._read_line(number, line)
            entries.append(dict(entry, frame_dir=str(folder / entry['attributes']['name'])))
        refuse_missing([entry['frame_dir'] for entry in entries], self.ann_file)
        return entries

    def _search(self, folder: Path) -> list[dict]:
        if not folder.is_dir():
            raise FileNotFoundError(f'no folder at {folder}: set `data_root` to the frames')
        ending = Path(self.filename_tmpl.format(0)).suffix
        entries = []
        for frame_dir in sorted({path.parent for path in folder.rglob(f'*{ending}')}):
            names = {path.name for path in frame_dir.iterdir()}
            num_frames = 0
            while self.filename_tmpl.format(self.start_index + num_frames) in names:
                num_frames += 1
            if num_frames:
                name = str(frame_dir.relative_to(folder))
                entries.append(self._entry(name, num_frames) | dict(frame_dir=str(frame_dir)))
        if not entries:
            first = self.filename_tmpl.format(self.start_index)
            raise ValueError(f'no folder in {folder} holds an image {first}')
        return entries

    def _read_line(self, number: int, line: str) -> dict:
        name, *fields = line.split()
        counts = ('offset', 'num_frames') if self.with_offset else ('num_frames',)
        try:
            values = [int(field) for field in fields]
        except ValueError:
            values = []
        if len(values) < len(counts):
            expected = f'`folder {" ".join(counts)} [label ...]` with integers'
            raise ListLineError.at(self.ann_file, number, line, expected)
        offset = values[0] if self.with_offset else 0
        return self._entry(name, values[len(counts) - 1], offset, values[len(counts) :])

    def _entry(
        self, name: str, num_frames: int, offset: int = 0, labels: Sequence[int] = ()
    ) -> dict:
        entry = dict(
            total_frames=num_frames,
            offset=offset,
            filename_tmpl=self.filename_tmpl,
            attributes=dict(name=name),
        )
        if labels:
            entry['label'] = labels[0] if len(labels) == 1 else list(labels)
            entry['attributes']['label'] = entry['label']
        return entry
