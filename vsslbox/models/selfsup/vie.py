"""VIE: video instance embedding."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import encode_clips, normalized
from vsslbox.registry import MODELS

__all__ = ['VIE']


@MODELS.register_module()
class VIE(BaseSelfSupervisor):
    """Compare the embedding of a video with a memory bank of all videos.

    A sample is one clip, ``[N, C, T, H, W]``, with its ``index``, the place of the video in the
    list. With ``InstanceRecognitionLoss`` the method is IR; with ``LocalAggregationLoss`` it is LA,
    which also needs ``ClusterHook``. The paper trains by IR first: that is the warm-up.
    ``BankListHook`` refuses to use the bank with another list.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", CVPR
    2020.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of the embedding; a single linear layer in the paper.
        bank: The config of the memory bank.
        loss: The config of a loss that is called with embeddings ``[N, D]``, indices ``[N]`` and
            the bank.
        warmup_loss: The config of the loss of the first steps, if they have another one.
        warmup_steps: The number of these steps of the optimizer.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        bank: dict,
        loss: dict,
        warmup_loss: dict | None = None,
        warmup_steps: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(backbone, **kwargs)
        if (warmup_loss is None) != (warmup_steps == 0):
            raise InputError('set both `warmup_loss` and `warmup_steps` of VIE, or neither')
        self.neck = MODELS.build(neck)
        self.bank = MODELS.build(bank)
        self.criterion = MODELS.build(loss)
        self.warmup_criterion = MODELS.build(warmup_loss) if warmup_loss else None
        self.warmup_steps = warmup_steps
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))

    @property
    def warming_up(self) -> bool:
        """Whether the next loss is the one of the warm-up."""
        return self.warmup_steps > 0 and self.steps.item() < self.warmup_steps

    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips ``[N, C, T, H, W]``: ``[N, D]``, L2-normalised."""
        return normalized(self.neck(encode_clips(self.backbone, clips)))

    def embed_views(self, inputs: list[Tensor], data_samples: list) -> Tensor:
        """Return the embedding of each clip and the bank's row of its video, ``[N, 2, D]``."""
        indices = [sample.get('index') for sample in data_samples]
        (clips,) = inputs
        return torch.stack([self.embed(clips), self.bank.features[indices]], dim=1)

    def update_after_step(self, progress: float = 0.0) -> None:
        """Write the embeddings of the step into the bank, and count the step."""
        super().update_after_step(progress)
        self.steps += 1

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_instance``, and stage the embeddings for the bank."""
        if len(inputs) != 1:
            raise InputError(
                f'VIE takes 1 view, got {len(inputs)}: does the pipeline sample one clip of each '
                'video?'
            )
        (clips,) = inputs
        indices = [sample.get('index') for sample in data_samples]
        indices = torch.tensor(indices, device=clips.device)
        embedding = self.embed(clips)
        criterion = self.warmup_criterion if self.warming_up else self.criterion
        loss = criterion(embedding, indices, self.bank)
        self.bank.stage(indices, embedding)
        return dict(loss_instance=loss)
