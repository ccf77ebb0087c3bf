"""The sampling of the large-scale study for tests."""

import numpy as np

from vsslbox.datasets.transforms.sampling.sample_random_spans import SampleRandomSpans
from vsslbox.registry import TRANSFORMS

__all__ = ['SampleUniformSpans']


@TRANSFORMS.register_module()
class SampleUniformSpans(SampleRandomSpans):
    """Clips of a fixed length in time whose starts are spread evenly: ``clip0``, ``clip1``, ...

    The clips are those of :class:`SampleRandomSpans`; of n clips, clip i starts at i / n of the
    latest start. Following the authors' code, none starts at the latest one.
    """

    def draw_starts(self, rng: np.random.Generator, room: float) -> np.ndarray:
        """Return the first place of each clip, in [0, ``room``] frames."""
        return room * np.arange(self.num_clips) / self.num_clips
