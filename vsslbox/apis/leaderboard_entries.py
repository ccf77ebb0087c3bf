"""The entries of a leaderboard, as the command line names them."""

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from vsslbox.checkpoints.zoo import SCHEME
from vsslbox.errors import InputError

__all__ = ['Entry', 'parse_entries']


@dataclass(frozen=True)
class Entry:
    """A method of a leaderboard.

    Attributes:
        name: Its name.
        checkpoints: The checkpoint of each of its runs, such as one a seed.
    """

    name: str
    checkpoints: tuple[str, ...]


def parse_entries(texts: Sequence[str]) -> list[Entry]:
    """Return the entries that texts name, in their order.

    ``NAME=CHECKPOINT[,CHECKPOINT...]`` is one entry, and so is each checkpoint without a name. A
    checkpoint is a file, ``zoo://NAME`` or a pattern such as ``runs/*/epoch_50.pth``. Files without
    a name get the shortest end of their path that no other has, such as ``byol/epoch_50``. A file
    that is missing is an entry like others, which fails in its turn.

    Raises:
        InputError: A pattern fits no file, a name is there twice, or a checkpoint is.
    """
    named: list[tuple[str | None, tuple[str, ...]]] = []
    for text in texts:
        name, equals, value = text.partition('=')
        # A folder of a sweep has such signs too.
        if _exists(text) or not equals or '/' in name or not name:
            named += [(None, (checkpoint,)) for checkpoint in _checkpoints(text)]
        else:
            parts = [value] if _exists(value) else [part.strip() for part in value.split(',')]
            found = tuple(checkpoint for part in parts for checkpoint in _checkpoints(part))
            named.append((name.strip(), found))
    _refuse_twice('the checkpoint', [checkpoint for _, found in named for checkpoint in found])
    short = _short_names([found[0] for name, found in named if name is None])
    entries = [Entry(name or short[found[0]], found) for name, found in named]
    _refuse_twice('the name', [entry.name for entry in entries])
    return entries


def _exists(text: str) -> bool:
    return Path(text).exists() or bool(glob.glob(text, recursive=True))


def _checkpoints(text: str) -> list[str]:
    """Return the checkpoints that a text names."""
    if not text:
        raise InputError('an entry is NAME=CHECKPOINT[,CHECKPOINT...], or a checkpoint')
    if text.startswith(SCHEME) or Path(text).exists() or not glob.has_magic(text):
        return [text]
    found = sorted(glob.glob(text, recursive=True))
    if not found:
        raise InputError(f'no file fits {text}')
    return found


def _short_names(checkpoints: Sequence[str]) -> dict[str, str]:
    """Return the name of each checkpoint: that in the zoo, or the unique end of its path."""
    names = {
        checkpoint: checkpoint.removeprefix(SCHEME)
        for checkpoint in checkpoints
        if checkpoint.startswith(SCHEME)
    }
    paths = {
        checkpoint: PurePath(checkpoint).with_suffix('').parts
        for checkpoint in checkpoints
        if checkpoint not in names
    }
    for length in range(1, 1 + max(map(len, paths.values()), default=0)):
        ends = {checkpoint: '/'.join(parts[-length:]) for checkpoint, parts in paths.items()}
        counts = Counter([*ends.values(), *names.values()])
        for checkpoint, end in ends.items():
            if counts[end] == 1 or len(paths[checkpoint]) == length:
                names[checkpoint] = end
                del paths[checkpoint]
    return names


def _refuse_twice(what: str, values: Sequence[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise InputError(f'{what} {value} is there {count} times')
