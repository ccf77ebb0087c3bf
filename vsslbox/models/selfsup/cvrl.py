"""CVRL: spatiotemporal contrastive video representation learning; with one frame, SimCLR."""

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import SyncBatchNorm, recompute
from vsslbox.registry import MODELS

__all__ = ['CVRL']

_SHARED_NORMS = (nn.SyncBatchNorm, SyncBatchNorm)


@MODELS.register_module()
class CVRL(BaseSelfSupervisor):
    """Two clips of a video attract each other; the clips of other videos repel.

    A sample has two views, each ``[N, C, T, H, W]``. Both go through the network as one batch, so
    that BatchNorm computes its statistics over both. With T = 1, this is SimCLR on frames.

    Source: Qian et al., "Spatiotemporal Contrastive Video Representation Learning", CVPR 2021.

    Args:
        backbone: The config of the backbone, 3D (or 2D: features are averaged over the frames).
        neck: The config of the projection.
        loss: The config of a loss that is called with the embeddings of the two views, each
            ``[N, D]``.
        chunk_size: How many clips are encoded at a time, for batches whose activations do not fit
            into memory; all together if None. Chunks are encoded twice, first without activations,
            so that a step needs those of one chunk. The loss still compares the whole batch (Gao et
            al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", 2021).
            BatchNorm has the statistics of each chunk.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self, backbone: dict, neck: dict, loss: dict, chunk_size: int | None = None, **kwargs
    ) -> None:
        super().__init__(backbone, **kwargs)
        if chunk_size is not None and chunk_size < 1:
            raise InputError(f'chunk_size must be positive, got {chunk_size}')
        self.chunk_size = chunk_size
        self.neck = MODELS.build(neck)
        self.criterion = MODELS.build(loss)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast`` of two views."""
        if len(inputs) != 2:
            raise InputError(
                f'CVRL takes 2 views, got {len(inputs)}: does the pipeline sample two clips of '
                'each video?'
            )
        first, second = self.embed_in_chunks(*inputs).chunk(2)
        return dict(loss_contrast=self.criterion(first, second))

    def embed_in_chunks(self, *views: Tensor) -> Tensor:
        """Embed views, each ``[N, C, T, H, W]``, as one batch, ``chunk_size`` clips at a time.

        Raises:
            InputError: The batch does not split into such chunks, or BatchNorm is shared by
                processes and would be so chunk by chunk.
        """
        size, num_clips = self.chunk_size, sum(map(len, views))
        if size is None or size >= num_clips:
            return self.embed(torch.cat(views) if len(views) > 1 else views[0])
        if num_clips % size:
            raise InputError(
                f'`model.chunk_size={size}` does not divide the {num_clips} clips of a step: '
                'choose a divisor'
            )
        if any(isinstance(module, _SHARED_NORMS) for module in self.modules()):
            raise InputError(
                '`model.chunk_size` cannot work with SyncBatchNorm, whose statistics are to be '
                'those of the whole batch: remove `sync_bn`, or leave chunk_size out'
            )
        if any(len(view) % size for view in views):
            views = (torch.cat(views),)
        chunks = (chunk for view in views for chunk in view.split(size))  # copies no clips
        return torch.cat([recompute(self.embed, self, chunk) for chunk in chunks])
