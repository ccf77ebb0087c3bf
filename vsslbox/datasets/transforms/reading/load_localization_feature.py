"""Loading of the features of an untrimmed video."""

import numpy as np
from mmaction.datasets.transforms import LoadLocalizationFeature as StockLoadLocalizationFeature

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['LoadLocalizationFeature']


@TRANSFORMS.register_module()
class LoadLocalizationFeature(StockLoadLocalizationFeature):
    """mmaction2's loader of CSV features, extended to NumPy files, which load tens of times faster.

    Required key: ``feature_path``, a CSV file of ``T`` rows with ``D`` values, or an array
    ``[T, D]`` in a file that ends in ``.npy``. Added: ``raw_feature``, float32 ``[D, T]``.

    Raises:
        InputError: The file holds something else, or values that are not finite.
    """

    def transform(self, results: dict) -> dict:
        """Read the features."""
        path = results['feature_path']
        try:
            if path.endswith('.npy'):
                features = np.load(path, allow_pickle=False).astype(np.float32)
                results['raw_feature'] = features.transpose(1, 0)
            else:
                results = super().transform(results)
        except ValueError as error:
            raise InputError(f'{path} is not a table of steps x dimensions: {error}') from None
        wrong = np.flatnonzero(~np.isfinite(results['raw_feature']).all(axis=0))
        if len(wrong):
            raise InputError(
                f'{path} has values that are not finite in {len(wrong)} steps, first in step '
                f'{wrong[0]} (from 0): extract the features of this video again'
            )
        return results
