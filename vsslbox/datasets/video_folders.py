"""What is in a folder of videos: files, folders and links to them."""

import os
import stat
from collections import deque
from collections.abc import Iterator

from vsslbox.datasets.list_values import warn_once

__all__ = ['entries_of', 'kind_of', 'walk']

_KINDS = {
    stat.S_IFIFO: 'a FIFO',
    stat.S_IFSOCK: 'a socket',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
}


def entries_of(folder: str) -> dict[str, os.DirEntry]:
    """Return the entries of a folder by name; nothing if there is no such folder."""
    if not os.path.isdir(folder or '.'):
        return {}
    with os.scandir(folder or '.') as entries:
        return {entry.name: entry for entry in entries}


def kind_of(entry: os.DirEntry) -> str:
    """Return what an entry is, or what it links to: ``'a file'``, ``'a folder'``, ..."""
    try:
        if entry.is_file():
            return 'a file'
        if entry.is_dir():
            return 'a folder'
        return _KINDS.get(stat.S_IFMT(entry.stat().st_mode), 'a special file')
    except OSError:
        return 'a broken link'


def walk(root: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the folder and all below it, with the names of their files, without hidden ones.

    Links are followed. A folder that is reached twice is yielded once, first of all by its real
    path; the others, and what is neither a file nor a folder, are told in a warning.

    Args:
        root: The folder.

    Yields:
        The path of a folder, relative to ``root``, and the sorted names of its files.
    """
    linked = deque([('', os.path.realpath(root))])
    seen, again, odd = set(), [], []
    while linked:
        pending = [linked.popleft()]
        while pending:
            place, real = pending.pop()
            if real in seen:
                again.append(place)
                continue
            seen.add(real)
            files, folders, links, others = _split(os.path.join(root, place))
            pending += [(_join(place, name), os.path.join(real, name)) for name in folders[::-1]]
            linked += [
                (_join(place, name), os.path.realpath(os.path.join(real, name))) for name in links
            ]
            odd += [_join(place, other) for other in others]
            yield place or '.', files
    if again:
        warn_once(
            f'{len(again)} links in {root} lead to folders that are listed already, and are '
            f'skipped: {_first(again)}'
        )
    if odd:
        warn_once(f'{len(odd)} entries of {root} are not files, and are skipped: {_first(odd)}')


def _split(folder: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return the sorted names of files, folders, links to folders and other things."""
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    others: list[str] = []
    for name, entry in sorted(entries_of(folder).items()):
        kind = kind_of(entry) if name[0] != '.' else 'hidden'
        if kind == 'a file':
            files.append(name)
        elif kind == 'a folder':
            (links if entry.is_symlink() else folders).append(name)
        elif kind != 'hidden':
            others.append(f'{name} ({kind})')
    return files, folders, links, others


def _join(place: str, name: str) -> str:
    return f'{place}/{name}' if place else name


def _first(names: list[str], shown: int = 5) -> str:
    return ', '.join(names[:shown]) + ', ...' * (len(names) > shown)
