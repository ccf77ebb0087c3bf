"""The last step of a pipeline for mmaction2's recognizers."""

import torch

from vsslbox.datasets.transforms.packing.pack_views import PackViews
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['PackClips']


@TRANSFORMS.register_module()
class PackClips(PackViews):
    """Pack the views of a video as the clips of one sample.

    A recognizer classifies each clip and averages the scores. mmengine's ``pseudo_collate`` and
    ``mmaction.ActionDataPreprocessor(format_shape='NCTHW')`` make the batches. The required keys
    are those of :class:`PackViews`.

    Returns:
        A dict of ``inputs`` (a uint8 tensor ``[V, C, T, H, W]``, V views) and ``data_samples`` (an
        ``ActionDataSample``).

    Raises:
        InputError: The views differ in shape, or a transform is deferred to the model's device.
    """

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        own_name = type(self).__name__
        deferred = sorted({name for view in results['views'] for name in view.deferred})
        if deferred:
            raise InputError(
                f'{own_name} cannot pack the deferred {", ".join(deferred)}, which a recognizer '
                'would not apply: list the transforms in AugmentViews without Defer'
            )
        packed = super().transform(results)
        shapes = sorted({tuple(clip.shape) for clip in packed['inputs']})
        if len(shapes) > 1:
            raise InputError(
                f'the views of {_name_of(results)} differ in shape [C, T, H, W]: {shapes}; '
                f'{own_name} needs clips of one length: put Resize(size=...) or a crop of '
                'fixed size before it'
            )
        return {'inputs': torch.stack(packed['inputs']), 'data_samples': packed['data_samples']}


def _name_of(results: dict) -> str:
    return results.get('filename') or results.get('frame_dir') or 'a video'
