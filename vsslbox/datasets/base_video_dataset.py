"""What lists of videos have in common."""

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from mmaction.datasets import BaseActionDataset

from vsslbox.datasets.readers import VideoError
from vsslbox.structures import SampleKey

__all__ = ['BaseVideoDataset', 'ListLineError', 'refuse_missing']


class ListLineError(ValueError):
    """A line of a list that can't be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message)

    @classmethod
    def at(cls, path: str, number: int, line: str, expected: str) -> 'ListLineError':
        """Say which line, what it is and what it should be."""
        return cls(f'{path}:{number}: {line!r} is not {expected}')


class BaseVideoDataset(BaseActionDataset):
    """Videos and a pipeline that makes samples of them.

    A sample is asked for by a :class:`SampleKey` or an index, and all its randomness comes from
    that key. In training a video that can't be read is replaced by another one, drawn from the
    same key; the sample that takes its place tells in ``bad_videos`` which ones were replaced and
    why. In testing it is an error.

    Args:
        ann_file: The list, relative to ``data_root``; without it the folder is searched.
        pipeline: Configs of transforms.
        data_root: The folder of the data.
        data_prefix: Folders below ``data_root`` by kind, as in mmengine's ``BaseDataset``.
        test_mode: Whether a video that can't be read is an error.
        max_replacements: How many videos may fail, one after the other, before training stops.
        kwargs: As for mmaction2's ``BaseActionDataset``.
    """

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Sequence[dict | Callable] = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        test_mode: bool = False,
        max_replacements: int = 100,
        **kwargs,
    ) -> None:
        self.max_replacements = max_replacements
        super().__init__(
            ann_file,
            pipeline=list(pipeline),
            data_root=data_root or '',
            data_prefix=data_prefix,
            test_mode=test_mode,
            **kwargs,
        )

    def __getitem__(self, key: SampleKey | int) -> dict:
        """Make the sample of a key."""
        key = key if isinstance(key, SampleKey) else SampleKey(int(key))
        rng, index, bad_videos = key.rng(), key.index, []
        while True:
            results = self.get_data_info(index)
            results.update(index=index, rng=rng, bad_videos=bad_videos)
            try:
                return self.pipeline(results)
            except VideoError as error:
                if self.test_mode:
                    raise
                bad_videos.append((error.path, error.reason))
                self._refuse_too_many(bad_videos)
                index = int(rng.integers(len(self)))
            finally:
                if 'reader' in results:
                    results.pop('reader').close()

    def list_hash(self) -> str:
        """The SHA-256 of the names of all videos, in order; the same wherever the data lies."""
        digest = hashlib.sha256()
        for index in range(len(self)):
            digest.update(self.get_data_info(index)['attributes']['name'].encode() + b'\n')
        return digest.hexdigest()

    def _refuse_too_many(self, bad_videos: list[tuple[str, str]]) -> None:
        if len(bad_videos) <= self.max_replacements:
            return
        last = '\n'.join(f'  {path}: {reason}' for path, reason in bad_videos[-5:])
        raise VideoError(
            f'{len(bad_videos)} videos in a row can not be read, the last ones:\n{last}'
        )

    def _read_lines(self) -> list[tuple[int, str]]:
        """The lines of the list that are not empty, with their numbers from 1."""
        if not Path(self.ann_file).is_file():
            raise FileNotFoundError(
                f'no list of videos at {self.ann_file}: set `ann_file`, relative to `data_root`, '
                'or leave it out to take all videos of the folder'
            )
        lines = Path(self.ann_file).read_text(encoding='utf-8').splitlines()
        numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
        if not numbered:
            raise ValueError(f'the list {self.ann_file} is empty')
        return numbered


def refuse_missing(paths: list[str], source: str) -> None:
    """Raise ``FileNotFoundError`` for files or folders of a list that aren't there.

    Every folder is listed once: asking for each file apart takes minutes on network storage.
    """
    listed: dict[str, set[str]] = {}

    def exists(path: str) -> bool:
        folder, name = os.path.split(path.rstrip('/'))
        if folder not in listed:
            listed[folder] = (
                set(os.listdir(folder or '.')) if os.path.isdir(folder or '.') else set()
            )
        return name in listed[folder]

    missing = (path for path in paths if not exists(path))
    first = list(islice(missing, 5))
    if not first:
        return
    count = len(first) + sum(1 for _ in missing)
    shown = ''.join(f'\n  {path}' for path in first) + ('\n  ...' if count > 5 else '')
    raise FileNotFoundError(f'{count} of {len(paths)} in {source} do not exist:{shown}')
