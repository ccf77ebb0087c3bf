"""MoCo on several clips of a video."""

import torch
from torch import Tensor

from vsslbox.models.selfsup.moco import MoCo
from vsslbox.models.utils import check_clips, with_others
from vsslbox.registry import MODELS

__all__ = ['RhoMoCo']


@MODELS.register_module()
class RhoMoCo(MoCo):
    """MoCo in which each clip of a video is the query once, with the other clips as its keys.

    A sample has rho views, each ``[N, C, T, H, W]`` (``SampleRandomSpans``). The loss is the sum
    over the queries of the mean over their rho - 1 keys, so its gradient is that of one backward
    pass for each query, as in the authors' code. Each query is encoded on its own, with its own
    statistics of BatchNorm; all keys are encoded once, as one batch, and all of them enter the
    queue. A step holds the activations of all views.

    The head (``QueueContrastHead``) is called with a query ``[N, D]`` and a list of rho - 1 keys.

    Source: Feichtenhofer et al., "A Large-Scale Study on Unsupervised Spatiotemporal Representation
    Learning", CVPR 2021, section 3, and the authors' code.
    """

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast``, summed over the queries."""
        check_clips(self, inputs)
        keys = self.project_keys('contrast', self.encode_key(torch.cat(inputs)))
        head, keys = self.heads['contrast'], keys.chunk(len(inputs))
        loss = sum(
            head.contrast(self.embed(view), others)
            for view, (_, others) in zip(inputs, with_others(keys), strict=True)
        )
        head.stage(keys)
        return dict(loss_contrast=loss)
