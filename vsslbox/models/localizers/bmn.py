"""Temporal action proposals in untrimmed videos."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.models.localizers import BMN as StockBMN
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.registry import MODELS
from vsslbox.utils import soft_nms

__all__ = ['BMN']

GROUPS = 4  # of the first convolution


@MODELS.register_module()
class BMN(StockBMN):
    """mmaction2's Boundary-Matching Network, with these differences.

    * The mask that samples the features of every proposal is computed without loops (a fraction of
      a second for 100 steps), and is not stored in checkpoints (122 MiB for 100 steps). Checkpoints
      of mmaction2's model, which contain it, can be loaded.
    * Prediction takes batches of any size; mmaction2 uses the first video of each batch.
    * Features may have any number of dimensions; mmaction2 needs a multiple of 4.

    Losses, network and proposals are mmaction2's.

    Source: Lin et al., "BMN: Boundary-Matching Network for Temporal Action Proposal Generation",
    arXiv:1907.09702.

    Args:
        feat_dim: The dimensions of the features, D.
        loss_cls: The config of the loss; mmaction2's ``BMNLoss`` if None.
        kwargs: As for mmaction2's ``BMN``: ``temporal_dim``, the number of steps, T; and others.
    """

    def __init__(self, feat_dim: int, loss_cls: dict | None = None, **kwargs) -> None:
        self._padding = -feat_dim % GROUPS
        super().__init__(
            feat_dim=feat_dim + self._padding,
            loss_cls=loss_cls or dict(type='mmaction.BMNLoss'),
            **kwargs,
        )

    def forward(
        self, inputs: Sequence[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[dict] | tuple[Tensor, Tensor, Tensor]:
        """Compute losses, proposals or the maps.

        Args:
            inputs: The features of each of the N videos, ``[D, T]``.
            data_samples: For ``'loss'`` with ``gt_instances.gt_bbox``, the segments ``[n, 2]``
                relative to the length of the video; for ``'predict'`` with the meta data
                ``video_name``, ``duration_frame`` and ``duration_second``.
            mode: ``'loss'``; ``'predict'``; or ``'tensor'`` for the maps of confidence
                ``[N, 2, T, T]`` (regressed and classified, by duration and start) and the
                probabilities of start and end ``[N, T]``.

        Returns:
            For ``'predict'`` a dict for each video: its ``video_name`` and ``proposal_list``, dicts
            of ``score`` and ``segment`` (seconds), the best first.

        Raises:
            InputError: Features have another shape than the model expects.
        """
        wanted = [self.feat_dim - self._padding, self.tscale]
        for number, features in enumerate(inputs):
            if list(features.shape) != wanted:
                video = data_samples[number].get('video_name') if data_samples else None
                raise InputError(
                    f'BMN with feat_dim={wanted[0]} and temporal_dim={wanted[1]} got features of '
                    f'{features.shape[0]} dimensions x {features.shape[1]} steps'
                    f'{f" for {video}" if video else ""}: set both in `model` to the shape of the '
                    'stored features, which must be the same for all videos'
                )
        padded = [F.pad(features, (0, 0, 0, self._padding)) for features in inputs]
        return super().forward(padded, data_samples, mode)

    @torch.no_grad()
    def predict(self, batch_inputs: Tensor, batch_data_samples: list) -> list[dict]:
        """Compute the proposals of each video; see :meth:`forward`."""
        outputs = (output.float().cpu().numpy() for output in self._forward(batch_inputs))
        return [
            dict(video_name=sample.video_name, proposal_list=self._propose(*maps, sample.metainfo))
            for *maps, sample in zip(*outputs, batch_data_samples, strict=True)
        ]

    def _propose(
        self, confidence: np.ndarray, start: np.ndarray, end: np.ndarray, video: Mapping
    ) -> list[dict]:
        """Pair each likely start with all later likely ends, and apply soft-NMS."""
        starts, ends = _likely(start), _likely(end)
        starts[0] = ends[-1] = True
        first, last = np.nonzero(np.triu(starts[:, None] & ends, k=1))
        regressed, classified = confidence[:, last - first - 1, first]
        scores = start[first] * end[last] * classified * regressed
        segments, scores = soft_nms(
            np.stack([first, last], axis=1) / self.tscale,
            scores.astype(np.float64),
            self.soft_nms_alpha,
            self.soft_nms_low_threshold,
            self.soft_nms_high_threshold,
            self.post_process_top_k,
        )
        segments = segments * self._covered_seconds(video)
        return [dict(score=s, segment=t) for s, t in zip(scores.tolist(), segments.tolist())]

    def _covered_seconds(self, video: Mapping) -> float:
        """Return the length of a video that its features cover: whole intervals, at least one."""
        interval = self.feature_extraction_interval
        frames = max(video['duration_frame'] // interval, 1) * interval
        return frames / video['duration_frame'] * video['duration_second']

    def _get_interp1d_mask(self) -> None:
        """Compute the weight of every step in every sample of every proposal.

        A proposal of ``d`` steps from step ``s`` is extended by ``boundary_ratio * d`` on each
        side. ``N * B`` points are spaced evenly over it, from end to end; a sample is the mean of
        ``B`` of them, each interpolated linearly between its two neighbouring steps. Points outside
        the video count as zero, except those less than a step before it, which are at step 0.
        """
        steps, samples = self.tscale, self.num_samples
        points = samples * self.num_samples_per_bin
        start, length = np.arange(steps), np.arange(1, steps + 1)[:, None]
        first = start - self.boundary_ratio * length
        last = start + length - 1 + self.boundary_ratio * length
        distance = (last - first) / (points - 1)
        position = first + distance * np.arange(points)[:, None, None]  # [points, length, start]
        position[(position > -1) & (position < 0)] = 0
        below = np.floor(position)
        share = position - below

        fits = start + length <= steps
        proposal = np.arange(steps * steps).reshape(steps, steps)
        sample = (np.arange(points) // self.num_samples_per_bin)[:, None, None]
        column = sample * steps**2 + proposal
        mask = torch.zeros(steps, samples * steps**2)
        for step, weight in ((below, 1 - share), (below + 1, share)):
            inside = fits & (step >= 0) & (step < steps)
            index = step[inside].astype(np.int64) * mask.shape[1] + column[inside]
            weight = weight[inside] / self.num_samples_per_bin
            mask.view(-1).index_add_(0, torch.from_numpy(index), torch.from_numpy(weight).float())
        self.register_buffer('sample_mask', mask, persistent=False)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Load the weights without the mask that mmaction2 stores with them."""
        state_dict.pop(f'{prefix}sample_mask', None)
        super()._load_from_state_dict(state_dict, prefix, *args)


def _likely(scores: np.ndarray) -> np.ndarray:
    """Mark steps that are peaks or above half of the highest score; never the first and last."""
    likely = np.zeros(len(scores), dtype=bool)
    inner = scores[1:-1]
    peaks = (inner > scores[:-2]) & (inner > scores[2:])
    likely[1:-1] = peaks | (inner > 0.5 * scores.max())
    return likely
