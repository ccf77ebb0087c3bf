"""vsslbox: self-supervised learning from video, as a plug-in of the OpenMMLab engine."""

from vsslbox import compat  # noqa: F401  (lets torch >= 2.6 read mmengine's checkpoints)
from vsslbox.version import __version__

__all__ = ['__version__']
