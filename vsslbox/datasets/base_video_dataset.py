"""The shared base of the lists of videos."""

import gc
import hashlib
import os
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from mmaction.datasets import BaseActionDataset

from vsslbox.datasets.class_names import LabelCounts, check_labels, count_labels
from vsslbox.datasets.list_values import as_integers, list_bytes, warn_once
from vsslbox.datasets.named_files import NamedFiles
from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.readers.limits import TooLargeError
from vsslbox.datasets.transforms.steps import Steps, build_steps
from vsslbox.datasets.video_folders import walk
from vsslbox.errors import InputError
from vsslbox.structures import SampleKey

__all__ = ['BaseVideoDataset']


# Which steps of a pipeline give what others need.
_OPENING, _SAMPLING = 'OpenVideo or OpenFrames', 'one that samples, such as SampleRandomClip'
_GIVEN_BY = dict(reader=_OPENING, total_frames=_OPENING, frame_rate=_OPENING, views=_SAMPLING)


class BaseVideoDataset(BaseActionDataset):
    """A list of videos, and a pipeline that makes samples from them.

    A :class:`SampleKey` or an index selects a sample, and all its randomness comes from that key.
    In training a video that cannot be read is replaced by another one, drawn from the same key; the
    sample lists the replaced videos and the reasons in ``bad_videos``. In testing it is an error.

    Args:
        ann_file: The list, relative to ``data_root``. Without it the folder is searched.
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder of the data.
        data_prefix: Folders below ``data_root`` by kind, as in mmengine's ``BaseDataset``.
        test_mode: Whether a video that cannot be read is an error.
        max_replacements: The number of replacements for one video after which training stops.
        kwargs: As for mmaction2's ``BaseActionDataset``.
    """

    prefix_key: str  # the kind of the videos in `data_prefix`
    path_key: str  # the key of a sample that holds its path
    wanted = 'a file'  # what a path leads to
    num_listed = 0  # the entries of the list
    label_counts: LabelCounts | None = None  # their labels
    _label_column = 'label'  # the attribute that holds the label as the list writes it
    _has_class_names = False  # whether labels are names that the list numbers
    _classes_source = "metainfo['classes']"  # where the numbers of these are from
    line_format: str  # the format of a line of a text list

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Steps = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        test_mode: bool = False,
        max_replacements: int = 100,
        **kwargs: Any,
    ) -> None:
        self.max_replacements = max_replacements
        data_prefix = {self.prefix_key: ''} if data_prefix is None else data_prefix
        if self.prefix_key not in data_prefix:
            raise InputError(
                f'data_prefix of {type(self).__name__} must be dict({self.prefix_key}=...), got '
                f'{dict(data_prefix)}'
            )
        super().__init__(
            ann_file,
            pipeline=build_steps(pipeline),
            data_root=str(data_root or ''),
            data_prefix=data_prefix,
            test_mode=test_mode,
            **kwargs,
        )

    def __getitem__(self, key: SampleKey | int) -> dict:
        """Return the sample of a key.

        Raises:
            VideoError: The video cannot be read, in testing; or too many in a row, in training.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(range(len(self))[key])
        index, rng = key.index, key.rng()
        bad_videos: dict[str, str] = {}
        for _ in range(self.max_replacements + 1):
            try:
                return self._make_sample(index, rng, list(bad_videos.items()))
            except VideoError as error:
                if self.test_mode:
                    raise
                bad_videos[error.path] = error.reason
                index = int(rng.integers(len(self)))
        shown = '; '.join(f'{path}: {reason}' for path, reason in list(bad_videos.items())[-5:])
        raise VideoError(
            f'{self.max_replacements + 1} videos in a row cannot be read, the last: {shown}'
        )

    def _make_sample(
        self, index: int, rng: np.random.Generator, bad_videos: list[tuple[str, str]]
    ) -> dict:
        results = self.get_data_info(index)
        results.update(index=index, rng=rng, bad_videos=bad_videos)
        try:
            return self.pipeline(results)
        except TooLargeError as error:
            raise TooLargeError(error.path or results[self.path_key], error.reason) from None
        except KeyError as error:
            key = next(iter(error.args), None)
            if key not in _GIVEN_BY or key in results:
                raise
            raise InputError(
                f'a step of `pipeline` needs what another one gives: put {_GIVEN_BY[key]} before it'
            ) from error
        finally:
            if 'reader' in results:  # a transform failed before the frames were decoded
                results.pop('reader').close()

    def list_hash(self) -> str:
        """Return the SHA-256 of the names of all videos, in order, independent of ``data_root``."""
        digest = hashlib.sha256()
        for index in range(len(self)):
            digest.update(os.fsencode(self.get_data_info(index)['attributes']['name']) + b'\n')
        return digest.hexdigest()

    def load_data_list(self) -> list[dict]:
        """Return the entries of all videos."""
        if self.multi_class and not self.num_classes:
            raise InputError('multi_class=True needs num_classes, the length of the label vector')
        with _without_collection():
            entries = self._read_list() if self.ann_file else self._search()
            if self.ann_file:
                self._find_files(entries)
                self._check_duplicates(entries)
        self._add_paths(entries)
        self.num_listed, self.label_counts = len(entries), count_labels(entries)
        if self.multi_class:
            check_labels(self, self.num_classes, needed=False)
        return entries

    def content_mark(self, info: dict) -> str:
        """Return what changes when the content of an entry's file does: its size and time."""
        found = os.stat(info[self.path_key])
        return f'{found.st_size} {found.st_mtime_ns}'

    def number_by(self, classes: Sequence[str], source: str) -> None:
        """Number class names in another order than that of the list, and read the list again.

        A list whose labels are numbers is left as it is, unless some are among the names.

        Args:
            classes: The class names, in the order of their numbers.
            source: Where they are from, for messages.

        Raises:
            InputError: The list has other classes.
        """
        may_be_names = self._has_class_names or any(
            as_integers([name]) != [name] for name in classes
        )
        if not may_be_names or self._metainfo.get('classes') == list(classes):
            return
        self._metainfo['classes'], self._classes_source = list(classes), source
        self._fully_initialized = False
        self.full_init()

    def class_names(self) -> list[str] | None:
        """Return the class names in the order of their numbers; None if labels are numbers."""
        return self._metainfo['classes'] if self._has_class_names else None

    @abstractmethod
    def _search(self) -> list[dict]:
        """Return the entries of all videos of the folder, sorted by name."""

    @abstractmethod
    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        """Return the entry of a line of a text list and its labels.

        Raises:
            ValueError: The line is malformed.
        """

    def _read_list(self) -> list[dict]:
        entries, labels = self._parse_list()
        _add_labels(entries, labels)
        return entries

    def _parse_list(self) -> tuple[list[dict], list[list[int]]]:
        """Return the entries of a text list and the labels of each."""
        entries: list[dict] = []
        labels: list[list[int]] = []
        for number, line in enumerate(re.split(r'\r\n?|\n', self._list_text()), start=1):
            if not line.strip():
                continue
            try:
                entry, its_labels = self._parse_line(line.strip())
            except ValueError:
                expected = self.line_format + self._separator_of(line.strip())
                raise self._line_error(number, line, expected) from None
            if labels and bool(labels[-1]) != bool(its_labels):
                raise self._line_error(
                    number, line, 'like the lines before: either all or none have labels'
                )
            entries.append(entry)
            labels.append(its_labels)
        return entries, labels

    def _separator_of(self, line: str) -> str:
        """Return advice on the separator of a malformed line, or nothing."""
        for separator in ('\t', ';', ',', '|'):
            with suppress(ValueError):
                self._parse_line(line.replace(separator, ' '))
                return f'; separate the fields by spaces, not by {separator!r}'
        return ''

    def _list_text(self) -> str:
        path = Path(self.ann_file)
        if not path.is_file():
            raise FileNotFoundError(
                f'no list of videos at {path}: set `data_root`, and `ann_file` relative to it, or '
                'leave `ann_file` out to use all videos in the folder'
            )
        try:
            text = list_bytes(path).decode('utf-8-sig')  # names in quotes keep a '\r'
        except UnicodeDecodeError as error:
            raise InputError(f'the list {path} is not UTF-8 text: {error}') from None
        if '\0' in text:
            raise InputError(f'the list {path} has NUL bytes, as UTF-16 text has: save it as UTF-8')
        if not text.strip():
            raise InputError(f'the list {path} is empty')
        return text

    def _line_error(self, number: int, line: str, expected: str) -> InputError:
        shown = line if len(line) <= 200 else f'{line[:200]}...'
        return InputError(f'{self.ann_file}:{number}: {shown!r} is not {expected}')

    def _walk(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the folder and all below it, with the names of their files, without hidden ones."""
        root = self.data_prefix[self.prefix_key]
        if not root:
            raise InputError('neither a list nor a folder of videos is given: set `data_root`')
        if not os.path.isdir(root):
            raise FileNotFoundError(
                f'no folder at {root}: set `data_root` to the folder of the videos'
            )
        yield from walk(root)

    def _find_files(self, entries: list[dict]) -> None:
        """Give each entry the one name of its file; see :class:`NamedFiles`."""
        folder, has_delimiter = self.data_prefix[self.prefix_key], hasattr(self, 'delimiter')
        files = NamedFiles(folder, self.wanted, self.ann_file, has_delimiter)
        for entry, name in zip(entries, files.find([_name(entry) for entry in entries])):
            attributes = entry['attributes']
            if name != attributes['name']:
                attributes.update(dict.fromkeys({'name', 'path'} & attributes.keys(), name))

    def _add_paths(self, entries: list[dict]) -> None:
        """Give each entry the path of its file."""
        folder = str(Path(self.data_prefix[self.prefix_key]))
        for entry in entries:
            entry[self.path_key] = os.path.join('' if folder == '.' else folder, _name(entry))

    def _row_key(self, entry: dict) -> tuple:
        """Return what makes a row of the list a sample of its own."""
        return (_name(entry),)

    def _check_duplicates(self, entries: list[dict]) -> None:
        """Warn of rows that name a video again, or refuse them if their class differs."""
        first: dict[tuple, dict] = {}
        again = []
        for entry in entries:
            known = first.setdefault(self._row_key(entry), entry)
            if known is entry:
                continue
            again.append(_name(entry))
            classes = known.get('label'), entry.get('label')
            if classes[0] != classes[1] and not any(isinstance(one, list) for one in classes):
                labels = [one['attributes'].get(self._label_column) for one in (known, entry)]
                raise InputError(
                    f'{self.ann_file} names {_name(entry)!r} twice, with the labels {labels[0]!r} '
                    f'and {labels[1]!r}: keep one row'
                )
        if again:
            warn_once(
                f'{len(again)} of {len(entries)} rows of {self.ann_file} name a video again, and '
                f'count again, first {again[0]!r}'
            )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause the garbage collector, which would visit millions of new objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _name(entry: dict) -> str:
    return entry['attributes']['name']


def _add_labels(entries: list[dict], labels: list[list[int]]) -> None:
    """Add labels to entries: one number each, or one list each if any entry has several labels."""
    single = all(len(its_labels) == 1 for its_labels in labels)
    for entry, its_labels in zip(entries, labels):
        if single:
            entry['label'] = entry['attributes']['label'] = its_labels[0]
        elif its_labels:
            entry['label'] = its_labels
