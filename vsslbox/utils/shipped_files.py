"""The folder of configs, tools and metafiles."""

from pathlib import Path

__all__ = ['ROOT']

_PACKAGE = Path(__file__).resolve().parents[1]
# Beside the code in a wheel, otherwise the checkout.
ROOT = _PACKAGE / '.mim' if (_PACKAGE / '.mim').is_dir() else _PACKAGE.parent
