"""Labels of videos, from a list."""

import os
from collections.abc import Sequence
from pathlib import Path

from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv
from vsslbox.search.video_index import COLUMNS

__all__ = ['read_labels']


def read_labels(path: Path, folders: Sequence[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Read the columns of a list of videos.

    Args:
        path: A CSV file with a column ``path``, relative to its own folder or to one of the others.
        folders: Other folders.

    Returns:
        The labels by column and by absolute path, without empty ones and without columns that an
        index fills itself, such as ``fps``; and the paths of the list that lead to no file.

    Raises:
        InputError: The list cannot be read or names a video twice, or none of its paths leads to a
            file.
    """
    rows = read_csv(path, 'path')
    columns = [name for name in (rows[0] if rows else ()) if name not in COLUMNS]
    labels: dict[str, dict[str, str]] = {name: {} for name in columns}
    found, missing = set(), []
    for row in rows:
        video = _find(row['path'], [str(path.parent), *folders])
        if video is None:
            missing.append(row['path'])
            continue
        if video in found:
            raise InputError(f'{path} has {row["path"]} twice: keep one row')
        found.add(video)
        for name in columns:
            if value := row[name].strip():
                labels[name][video] = value
    if not found:
        raise InputError(
            f'{path}: none of its {len(rows)} paths leads to a file, such as '
            f'{missing[0] if missing else "none"}: write them relative to the folder of the list '
            'or to a folder that is embedded'
        )
    return labels, missing


def _find(name: str, folders: Sequence[str]) -> str | None:
    """Return the absolute path of the first such file."""
    paths = (os.path.abspath(os.path.join(folder, name.strip())) for folder in folders)
    return next(filter(os.path.isfile, paths), None)
