"""Labelled images, as static videos."""

import posixpath
from pathlib import PurePath

from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.list_values import as_integer, tell_near_values
from vsslbox.datasets.readers.zip_reader import IMAGE_ENDINGS
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['ImageFolderDataset']


@DATASETS.register_module()
class ImageFolderDataset(BaseVideoDataset):
    """Images in the layout of ImageNet: one folder for each class.

    A pipeline opens them with ``OpenVideo(readers=['image'])``, as videos of one frame, which
    ``SampleRandomClip`` and ``SampleUniformClips`` repeat. The list is one of

    * nothing: all images below the folders of the classes, in the order of their names. Classes
      are numbered in the order of ``metainfo['classes']`` if given, else in alphabetical order of
      all folders, including empty ones;
    * text: a line is ``path label``.

    The arguments are those of :class:`BaseVideoDataset`, with ``data_prefix=dict(img=...)``.

    Raises:
        FileNotFoundError: The folder, the list or a file of the list does not exist.
        InputError: There are no images, an image lies outside the folders of the classes, or the
            list cannot be read.
    """

    prefix_key = 'img'
    path_key = 'filename'
    line_format = '`path label` with an integer label'

    def _search(self) -> list[dict]:
        folders = dict(self._walk())
        names = sorted(
            posixpath.join(folder, name).removeprefix('./')
            for folder, files in folders.items()
            for name in files
            if PurePath(name).suffix.lower() in IMAGE_ENDINGS
        )
        if not names:
            raise InputError(
                f'no images in {self.data_prefix["img"]}: looked for files that end in '
                f'{", ".join(sorted(IMAGE_ENDINGS))}'
            )
        found = sorted({folder.split('/')[0] for folder in folders if folder != '.'})
        tell_near_values(found, f'folders of classes in {self.data_prefix["img"]}')
        self._has_class_names = True
        classes = self._metainfo.setdefault('classes', found)
        numbers = {name: number for number, name in enumerate(classes)}
        return [self._entry(name, numbers) for name in names]

    def _entry(self, name: str, numbers: dict[str, int]) -> dict:
        folder = PurePath(name).parts[0]
        if folder not in numbers:
            raise InputError(
                f'{name} in {self.data_prefix["img"]} is not in the folder of a class; without '
                f'such folders set `ann_file` to a list (the classes are those of '
                f'{self._classes_source})'
            )
        label = numbers[folder]
        return dict(attributes=dict(name=name, label=label), label=label)

    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        name, label = line.rsplit(maxsplit=1)
        return dict(attributes=dict(name=name)), [as_integer(label)]
