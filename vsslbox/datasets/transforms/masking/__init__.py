"""Which tokens of a clip a network sees, and which are predicted."""

from vsslbox.datasets.transforms.masking.mask_running_cells import MaskRunningCells
from vsslbox.datasets.transforms.masking.mask_tubes import MaskTubes

__all__ = [
    'MaskRunningCells',
    'MaskTubes',
]
