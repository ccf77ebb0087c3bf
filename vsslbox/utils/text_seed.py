"""Seeds that depend on a text alone."""

import hashlib

__all__ = ['text_seed']


def text_seed(text: str) -> int:
    """Return a seed of 64 bits, the same in every process and on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode('utf-8', 'replace')).digest()[:8], 'big')
