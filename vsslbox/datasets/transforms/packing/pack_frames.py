"""The last step of a pipeline for mmaction2's 2D recognizers."""

from vsslbox.datasets.transforms.packing.pack_clips import PackClips
from vsslbox.registry import TRANSFORMS

__all__ = ['PackFrames']


@TRANSFORMS.register_module()
class PackFrames(PackClips):
    """Pack all frames of all views as the segments of one sample, for a 2D network.

    mmengine's ``pseudo_collate`` and ``mmaction.ActionDataPreprocessor(format_shape='NCHW')`` make
    the batches. The rest is as in :class:`PackClips`.

    Returns:
        A dict of ``inputs`` (a uint8 tensor ``[V * T, C, H, W]``: V views, one after the other, of
        T frames) and ``data_samples`` (an ``ActionDataSample``).
    """

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        packed = super().transform(results)
        return {**packed, 'inputs': packed['inputs'].transpose(1, 2).flatten(0, 1)}
