"""The steps of a pipeline: sample, read, augment, mask, pack."""

from vsslbox.datasets.transforms import augmenting, masking, packing, reading, sampling
from vsslbox.datasets.transforms.augmenting import *
from vsslbox.datasets.transforms.masking import *
from vsslbox.datasets.transforms.packing import *
from vsslbox.datasets.transforms.reading import *
from vsslbox.datasets.transforms.sampling import *

__all__ = [
    *augmenting.__all__,
    *masking.__all__,
    *packing.__all__,
    *reading.__all__,
    *sampling.__all__,
]
