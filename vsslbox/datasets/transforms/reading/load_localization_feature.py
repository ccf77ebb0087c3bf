"""Read the features of an untrimmed video."""

import numpy as np
from mmaction.datasets.transforms import LoadLocalizationFeature as StockLoadLocalizationFeature

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['LoadLocalizationFeature']


@TRANSFORMS.register_module()
class LoadLocalizationFeature(StockLoadLocalizationFeature):
    """mmaction2's reader of CSV files, which also reads those of NumPy, tens of times faster.

    Required key: ``feature_path``, a file of ``T`` rows with ``D`` values; if it ends in ``.npy``,
    an array ``[T, D]``. Added: ``raw_feature``, float32 ``[D, T]``.

    Raises:
        InputError: The file holds something else.
    """

    def transform(self, results: dict) -> dict:
        """Read the features."""
        path = results['feature_path']
        try:
            if not path.endswith('.npy'):
                return super().transform(results)
            features = np.load(path, allow_pickle=False).astype(np.float32)
            results['raw_feature'] = features.transpose(1, 0)
        except ValueError as error:
            raise InputError(f'{path} is no table of steps x dimensions: {error}') from None
        return results
