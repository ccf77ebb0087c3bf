"""The files that the names of a list stand for."""

import os
import posixpath
import re
from collections.abc import Sequence
from unicodedata import normalize

from vsslbox.datasets.video_folders import entries_of, kind_of
from vsslbox.errors import InputError

__all__ = ['NamedFiles']

# A name with an empty component, `.` or `..`
_UNTIDY = re.compile(r'(?:^|/)\.{0,2}(?:/|$)')
_SEPARATORS = ('\t', ';', ',', '|')


class NamedFiles:
    """The files, or folders of frames, that a list names below a folder.

    A file has one name, however the list spells it: ``./a.mp4``, ``b//../a.mp4`` and an absolute
    path are ``a.mp4``. Case counts. If a name is there only in another unicode form (composed or
    decomposed accents) or without the spaces around it, that one is its name.

    Args:
        folder: The folder that names are relative to; '' for that of the process, where absolute
            paths stay absolute.
        wanted: ``'a file'`` or ``'a folder'``.
        source: The list, for messages.
        has_delimiter: Whether its reader has a ``delimiter``, for messages.
    """

    def __init__(self, folder: str, wanted: str, source: str, has_delimiter: bool = False) -> None:
        self.has_delimiter = has_delimiter
        self.folder = folder
        self.wanted = wanted
        self.source = source
        self._base = os.path.abspath(folder) if folder else ''
        spellings = dict.fromkeys([self._base, os.path.realpath(folder)]) if folder else ()
        self._roots = [root.rstrip('/') + '/' for root in spellings]
        self._entries: dict[str, dict[str, os.DirEntry]] = {}
        self._composed: dict[str, dict[str, str]] = {}
        self._parents: dict[str, str] = {}

    def find(self, names: Sequence[str]) -> list[str]:
        """Return the names of the files, in one spelling.

        Raises:
            FileNotFoundError: Some do not exist.
            InputError: Some are something other than what is wanted.
        """
        found, missing, odd = [], [], []
        for name in map(self._normal, names):
            kind = self._kind(name)
            if kind is None:
                name = self._other_form(name) or name
                kind = self._kind(name)
            if kind is None:
                missing.append(name)
            elif kind != self.wanted:
                odd.append(f'\n  {os.path.join(self.folder, name)} is {kind}')
            found.append(name)
        if missing:
            raise FileNotFoundError(self._missing(missing, len(names)))
        if odd:
            shown = ''.join([*odd[:5], '\n  ...'][: len(odd)])
            raise InputError(
                f'{len(odd)} of {len(names)} in {self.source} are not {self.wanted[2:]}s:{shown}'
            )
        return found

    def _normal(self, name: str) -> str:
        """Return the shortest spelling of a name, relative to the folder if it is below it."""
        if not _UNTIDY.search(name):
            return name
        path = posixpath.normpath(posixpath.join(self._base, name))
        below = [path[len(root) :] for root in self._roots if path.startswith(root)]
        normal = below[0] if below else posixpath.normpath(re.sub('^/+', '/', name))
        if '..' in name.split('/') and self._parent(name) != self._parent(normal):
            return name  # `..` after a link leads elsewhere
        return normal

    def _parent(self, name: str) -> str:
        """Return the real folder that holds a file."""
        parent = name if posixpath.basename(name) == '..' else posixpath.dirname(name)
        if parent not in self._parents:
            self._parents[parent] = os.path.realpath(os.path.join(self.folder, parent))
        return self._parents[parent]

    def _kind(self, name: str) -> str | None:
        cut = name.rfind('/') + 1
        place, last = name[:cut], name[cut:]
        if last in ('', '.', '..'):
            return 'a folder' if os.path.isdir(os.path.join(self.folder, name)) else None
        entry = self._listing(place).get(last)
        return None if entry is None else kind_of(entry)

    def _listing(self, place: str) -> dict[str, os.DirEntry]:
        if place not in self._entries:
            self._entries[place] = entries_of(os.path.join(self.folder, place))
        return self._entries[place]

    def _other_form(self, name: str) -> str | None:
        """Return a missing name as its file is spelt: without spaces, or in a unicode form."""
        name = self._normal(name.strip())
        if name.isascii():
            return name
        place = '/' if name[0] == '/' else ''
        for part in filter(None, name.split('/')):
            if place not in self._composed:
                listed = sorted(self._listing(place), reverse=True)
                self._composed[place] = {normalize('NFC', other): other for other in listed}
            if part in self._listing(place) or part == '..':
                place += f'{part}/'
            elif there := self._composed[place].get(normalize('NFC', part)):
                place += f'{there}/'
            else:
                return None
        return place[:-1]

    def _missing(self, missing: list[str], total: int) -> str:
        paths = [os.path.join(self.folder, name) for name in missing]
        shown = ''.join(f'\n  {path}' for path in [*paths[:5], '...'][: len(paths)])
        return (
            f'{len(missing)} of {total} in {self.source} do not exist; {self._advice(missing[0])}:'
            f'{shown}'
        )

    def _advice(self, name: str) -> str:
        """Return what may be wrong with a missing name."""
        if re.match(r'path\W', name):
            return 'a list with a header must end in .csv, and have commas between its columns'
        if self._kind(name.replace('\\', '/')):
            return 'separate folders by `/`, not by backslashes'
        for separator in _SEPARATORS:
            if separator in name and self._kind(name.split(separator)[0]):
                if self.has_delimiter:
                    return f'set `delimiter={separator!r}`, which seems to separate the fields'
                return f'separate the fields by spaces, not by {separator!r}'
        place, _, last = name.rpartition('/')
        for other in sorted(self._listing(f'{place}/' if place else '')):
            if other.casefold() == last.casefold():
                return f'there is {other!r}, which differs by case'
        return 'set `data_root` and `data_prefix` to their folder'
