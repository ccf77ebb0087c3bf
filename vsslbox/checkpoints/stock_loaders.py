"""The ways in which mmengine and mmaction2 read checkpoints, all by :func:`load_checkpoint`.

mmengine reads local files with an error of torch's own, and unpickles what it downloads (addresses,
``torchvision://``, ``open-mmlab://``) with all that it names. It has these readers for itself:
``init_cfg=dict(type='Pretrained', ...)``, ``pretrained`` of backbones and stock runners call them.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import torch
from mmengine.runner import checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from vsslbox.checkpoints.download import download
from vsslbox.checkpoints.loading import load_checkpoint
from vsslbox.checkpoints.zoo import SCHEME

__all__ = ['load_address', 'load_file']


@CheckpointLoader.register_scheme(prefixes=SCHEME)
@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_file(name: str, map_location: str | Callable | None = None) -> dict:
    """Read a local file or ``zoo://NAME``."""
    path = name if name.startswith(SCHEME) else Path(name).expanduser()
    return load_checkpoint(path, map_location)


def load_address(
    url: str,
    model_dir: str | None = None,
    map_location: str | Callable | None = None,
    progress: bool = True,
) -> dict:
    """Read the file at an address, downloaded once into torch's folder of checkpoints.

    Args:
        url: The address.
        model_dir: Another folder.
        map_location: The device of its tensors.
        progress: Not used; the download shows its progress.

    Raises:
        CheckpointError: It is not a file of weights.
        DownloadError: It cannot be fetched.
    """
    folder = Path(model_dir or Path(torch.hub.get_dir()) / 'checkpoints')
    path = folder / PurePosixPath(urlsplit(url).path).name
    if not path.is_file():
        download(url, path)
    return load_checkpoint(path, map_location)


checkpoint.load_url = load_address  # which mmengine's reader of addresses calls, and no other way
