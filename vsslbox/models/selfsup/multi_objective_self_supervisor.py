"""Methods with several objectives, each with a projection of its own."""

import torch
from mmengine.model import ModuleDict
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.momentum_self_supervisor import MomentumSelfSupervisor
from vsslbox.models.utils import encode_clips, normalized, on_shuffled_batch
from vsslbox.registry import MODELS

__all__ = ['MultiObjectiveSelfSupervisor', 'stack_targets']


class MultiObjectiveSelfSupervisor(MomentumSelfSupervisor):
    """A method whose objectives share a backbone, with keys from a moving average.

    Each objective has a head and a projection. Keys come from a moving average of backbone and
    projections, with ShuffleBN.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of a projection; one is built for each objective.
        objectives: The configs of the heads by name; None leaves an objective out.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.

    Raises:
        InputError: There is no objective.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        objectives: dict[str, dict | None],
        momentum: float | dict = 0.999,
        **kwargs,
    ) -> None:
        super().__init__(backbone, momentum, **kwargs)
        chosen = {name: cfg for name, cfg in objectives.items() if cfg is not None}
        if not chosen:
            *others, last = objectives
            raise InputError(
                f'{type(self).__name__} needs at least one of {", ".join(others)} and {last}'
            )
        # mmengine's ModuleDict: torch's would not pass on the initialization of weights.
        self.heads = ModuleDict({name: MODELS.build(cfg) for name, cfg in chosen.items()})
        self.necks = ModuleDict({name: MODELS.build(neck) for name in chosen})
        self.follow('backbone', 'necks')

    def frame_losses(self, query: Tensor, keys: list[Tensor]) -> dict[str, Tensor]:
        """Compute SeCo's losses of single clips, those of ``inter`` and ``intra`` that there are.

        Args:
            query: Features ``[N, F]``.
            keys: Features of the moving average, ``[N, F]`` each: the query's own clip under
                another augmentation, then other clips of its video.

        Returns:
            ``loss_inter``, the query against keys of other videos, and ``loss_intra``, its own clip
            against the others.
        """
        losses = {}
        if 'inter' in self.heads:
            projected = [self.project_keys('inter', key) for key in keys]
            losses['loss_inter'] = self.heads['inter'](self.project('inter', query), projected)
        if 'intra' in self.heads:
            same, *others = [self.project_keys('intra', key) for key in keys]
            losses['loss_intra'] = self.heads['intra'](
                self.project('intra', query), same, torch.stack(others, dim=1)
            )
        return losses

    @torch.no_grad()
    def encode_keys(self, clips: Tensor) -> Tensor:
        """Encode clips ``[N, ..., C, T, H, W]`` by the moving average: ``[N, ..., F]``."""

        def encode(batch: Tensor) -> Tensor:
            features = encode_clips(self.momentum_backbone, batch.flatten(0, -5))
            return features.unflatten(0, batch.shape[:-4])

        return on_shuffled_batch(encode, clips)

    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips, projected for the first objective: ``[N, D]``."""
        return self.project(next(iter(self.necks)), encode_clips(self.backbone, clips))

    def project(self, name: str, features: Tensor) -> Tensor:
        """Project features ``[..., F]`` for an objective: ``[..., D]``, L2-normalised."""
        return normalized(self.necks[name](features))

    @torch.no_grad()
    def project_keys(self, name: str, features: Tensor) -> Tensor:
        """As :meth:`project`, by the moving average."""
        return normalized(self.momentum_necks[name](features))


def stack_targets(data_samples: list, name: str, maker: str, device: torch.device) -> Tensor:
    """Stack a target of every sample: ``[N, ...]``.

    Args:
        data_samples: N samples.
        name: The name of the target.
        maker: The step of the pipeline that writes it, for the message.
        device: Where the result is to be.

    Raises:
        InputError: The samples do not have it.
    """
    if name not in data_samples[0]:
        raise InputError(f'the samples have no `{name}`: add `{maker}` to the pipeline')
    return torch.stack([sample.get(name) for sample in data_samples]).to(device)
