"""TensorFlow checkpoints in an archive, as they are published."""

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path, PurePosixPath

from vsslbox.checkpoints.importers.tensor_bundle import TensorBundle
from vsslbox.checkpoints.loading import CheckpointError

__all__ = ['open_bundle']


@contextmanager
def open_bundle(path: str | PathLike) -> Iterator[TensorBundle]:
    """Open a TensorFlow checkpoint, in an archive or not.

    Args:
        path: An archive (``.tar``, ``.tar.gz``), which stays unpacked while the checkpoint is open;
            or a ``.index`` file, with or without this ending.

    Raises:
        CheckpointError: It cannot be read, or the archive holds no checkpoint or several.
    """
    path = Path(path)
    if not path.is_file() or path.suffix == '.index':
        yield TensorBundle(str(path).removesuffix('.index'))
        return
    with tempfile.TemporaryDirectory(prefix='vsslbox-') as folder:
        yield TensorBundle(_unpack(path, Path(folder)))


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpack the files of a checkpoint into the folder itself, without the paths in the archive."""
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                name = PurePosixPath(member.name).name
                if member.isfile() and (name.endswith('.index') or '.data-' in name):
                    if (folder / name).exists():
                        raise CheckpointError(f'{archive} holds several files {name}')
                    _extract(packed, member, folder / name)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise CheckpointError(f'{archive} is damaged or not an archive: {error}') from error
    indices = list(folder.glob('*.index'))
    if len(indices) != 1:
        raise CheckpointError(
            f'{archive} holds {len(indices)} TensorFlow checkpoints, not one; unpack it and '
            'give the .index file that you want'
        )
    return indices[0].with_suffix('')


def _extract(packed: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = packed.extractfile(member)
    if source is None:  # never for a regular file
        raise tarfile.ExtractError(f'{member.name} is not a file')
    with source, path.open('wb') as target:
        shutil.copyfileobj(source, target)
