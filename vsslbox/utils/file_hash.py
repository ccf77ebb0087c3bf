"""The hash of a file."""

import hashlib
from os import PathLike

__all__ = ['file_sha256']


def file_sha256(path: str | PathLike) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
