"""Lists of videos in shards."""

import os
import posixpath
from collections.abc import Sequence
from typing import Any

from vsslbox.datasets.shards import DiskCache, LocalShards, RemoteShards, ShardIndex, Shards
from vsslbox.datasets.shards.shard_index import LABELS
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.datasets.video_dataset import VideoDataset
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['ShardDataset']


@DATASETS.register_module()
class ShardDataset(VideoDataset):
    """Videos in the shards that ``tools/data/make_shards.py`` packs, local or remote.

    A config for files reads shards when its ``type`` and ``data_root`` change, and makes the same
    samples. A sample's ``filename`` is the shard and the video's name in the list.

    Args:
        ann_file: The list: the one that was packed, by its path relative to the folder that was
            packed, or any other list of some of the videos. Without it all videos are used, without
            labels.
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder of the shards, or its address: ``http://``, ``https://``, ``s3://`` or
            another one that fsspec knows.
        data_prefix: ``dict(video=...)``, the folder of the videos below the folder that was packed.
        cache: ``dict(folder=..., size='50GB')``: a folder on a local disk where videos of remote
            shards are kept, and its bound. Without it they are fetched again in each epoch.
        storage_options: Options of fsspec's file system for the address, such as
            ``dict(anon=True)`` for public data in S3.
        kwargs: As for :class:`VideoDataset`.

    Raises:
        FileNotFoundError: There is no index, list or shard, or a video of the list was not packed.
        InputError: The index or the list cannot be read, or a shard is cut off.
        ImportError: A package for the index or the address is not installed.
    """

    ann_file: str  # set by mmengine

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Steps = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        cache: dict | None = None,
        storage_options: dict | None = None,
        **kwargs: Any,
    ) -> None:
        if not data_root:
            raise InputError('set `data_root` to the folder or address of the shards')
        self._shards = _open_shards(str(data_root), cache, storage_options)
        super().__init__(ann_file, pipeline, data_root, data_prefix, **kwargs)

    def _join_prefix(self) -> None:
        """Find the list; the address of the shards and the prefix of names stay as they are."""
        self._given = self.ann_file
        if self.ann_file:  # which is absolute, or lies beside local shards
            self.ann_file = os.path.join(self.data_root, self.ann_file)

    def load_data_list(self) -> list[dict]:
        """Return the entries of all videos."""
        self._index = ShardIndex.read(self._shards)
        self._shards.check(self._index.sizes)
        self._is_packed_list = self._names_packed_list()
        try:
            return super().load_data_list()
        finally:
            self._index.drop_list()

    def get_data_info(self, idx: int) -> dict:
        """Return the entry of a video, with its ``source``."""
        info = super().get_data_info(idx)
        member = self._index.member(info.pop('row'), info['attributes']['name'], self._shards)
        info.update(filename=member.path, source=member)
        return info

    def content_mark(self, info: dict) -> str:
        """Return the hash of a video's bytes."""
        return info['source'].content.hex()

    def _search(self) -> list[dict]:
        prefix = self._prefix()
        names = {
            path.removeprefix(prefix): row
            for row, path in enumerate(self._index.column('path'))
            if path.startswith(prefix) and os.path.splitext(path)[1].lower() in self.endings
        }
        if not names:
            raise InputError(
                f'no videos in {self._index.source} below {prefix!r} that end in '
                f'{", ".join(sorted(self.endings))}: set `data_prefix` to a folder below the one '
                'that was packed'
            )
        return [dict(attributes=dict(name=name), row=names[name]) for name in sorted(names)]

    def _parse_list(self) -> tuple[list[dict], list[list[int]]]:
        if not self._is_packed_list:
            return super()._parse_list()
        entries = [dict(attributes=dict(name=path)) for path in self._index.column('path')]
        return entries, [
            [int(label) for label in labels.split()] for labels in self._index.column(LABELS)
        ]

    def _csv_columns(self) -> dict[str, Sequence[str]]:
        if not self._is_packed_list:
            return super()._csv_columns()
        header = self._check_header(self._index.list_columns())
        return {name: self._index.column(name) for name in header}

    def _find_files(self, entries: list[dict]) -> None:
        """Find the videos of a list by their names, spelt in any way below the packed folder."""
        names = [entry['attributes']['name'] for entry in entries]
        prefix = '' if self._is_packed_list else self._prefix()
        if not self._is_packed_list:
            names = [posixpath.normpath(name.strip()) for name in names]
        rows = self._index.rows_of([prefix + name for name in names])
        missing = [prefix + name for name, row in zip(names, rows) if row is None]
        if missing:
            raise FileNotFoundError(self._missing(missing, len(names)))
        for entry, name, row in zip(entries, names, rows):
            entry['row'] = row
            attributes = entry['attributes']
            if name != attributes['name']:
                attributes.update(dict.fromkeys({'name', 'path'} & attributes.keys(), name))

    def _names_packed_list(self) -> bool:
        """Return whether the list is the one that was packed, whose rows the index has.

        Raises:
            FileNotFoundError: It is not, and there is no such list.
        """
        if not self._given or os.path.isfile(self.ann_file):
            return False
        if posixpath.normpath(self._given) == self._index.list_name:
            return True
        packed = self._index.list_name
        advice = f'that was packed is {packed!r}' if packed else 'is needed: a folder was packed'
        raise FileNotFoundError(f'no list of videos at {self.ann_file}; the list {advice}')

    def _add_paths(self, entries: list[dict]) -> None:
        """Add nothing: an index of millions of rows gives the paths when they are asked for."""

    def _prefix(self) -> str:
        prefix = posixpath.normpath(self.data_prefix['video'])
        return '' if prefix == '.' else f'{prefix}/'

    def _missing(self, missing: list[str], total: int) -> str:
        known = self._index.column('path')[0]
        shown = ''.join(f'\n  {name}' for name in [*missing[:5], '...'][: len(missing)])
        return (
            f'{len(missing)} of {total} in {self.ann_file} are not in {self._index.source}, which '
            f'has videos such as {known}; set `data_prefix` accordingly, or pack them:{shown}'
        )


def _open_shards(root: str, cache: dict | None, options: dict | None) -> Shards:
    if '://' in root:
        return RemoteShards(root, None if cache is None else _cache_of(cache), options)
    if cache is not None or options is not None:
        raise InputError(
            f'`cache` and `storage_options` are for an address, but {root} is a folder'
        )
    return LocalShards(root)


def _cache_of(cache: dict) -> DiskCache:
    wrong = {'folder', 'size'} ^ set(cache)
    if wrong:
        raise InputError(f"`cache` must be dict(folder=..., size='50GB'), got {dict(cache)}")
    return DiskCache(**cache)
