"""The contrastive loss of VDIM and AMDIM, between positions of two views."""

from collections.abc import Sequence
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vsslbox.errors import InputError
from vsslbox.models.utils.gather import gather_with_gradient
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['MultiScaleInfoNCELoss', 'position_info_nce']


def position_info_nce(
    query: Tensor,
    keys: Tensor,
    first_video: int = 0,
    scale: bool = True,
    clip: float | None = 20.0,
    penalty: float = 5e-2,
    mask_same_video: bool = True,
    max_scores: int = 2**24,
) -> Tensor:
    r"""Compute InfoNCE between all positions of queries and all positions of keys.

    With :math:`s_{iakb}` the score of position a of query i and position b of key k,

    .. math:: -\frac{1}{NLL'} \sum_{i, a, b} \log
        \frac{e^{s_{iaib}}}{e^{s_{iaib}} + \sum_{k \ne i} \sum_{c} e^{s_{iakc}}}

    plus the penalty, a factor times the mean of all squared scores before they are clipped.

    The scores are computed in chunks, and again for the gradient, so that memory holds only those
    of one chunk.

    Source: Bachman et al., "Learning Representations by Maximizing Mutual Information Across
    Views", and the authors' code, which has the defaults; Devon Hjelm and Bachman,
    "Representation Learning with Video Deep InfoMax", which names none of the switches.

    Args:
        query: ``[N, L, D]``, the L positions of each of the process's own videos.
        keys: ``[M, L', D]``, the positions of the videos of all processes.
        first_video: The row of the keys that belongs to row 0 of the queries; the next rows follow.
        scale: Whether dot products are divided by the square root of D.
        clip: c of ``c * tanh(score / c)``; None leaves the scores as they are.
        penalty: The factor of the mean squared score.
        mask_same_video: Whether only other videos are negatives. If not, the other positions of
            the query's own video are negatives, too: the denominator is over all keys.
        max_scores: The number of scores held at once; at least the M * L' of one query.

    Returns:
        A scalar in float32 (float64 for inputs in float64).

    Raises:
        InputError: There is no other video.

    Examples:
        >>> query, keys = torch.zeros(3, 2, 8), torch.zeros(3, 5, 8)  # 3 videos
        >>> round(position_info_nce(query, keys).item(), 4)  # log(1 + 2 * 5)
        2.3979
    """
    if mask_same_video and len(keys) < 2:
        raise InputError(
            'the batch has one video, so that there are no negatives: raise the batch size'
        )
    query, keys = at_least_float32(query), at_least_float32(keys)
    num_positions, num_keys = query.shape[1], keys.shape[0] * keys.shape[1]
    rows = query.flatten(0, 1)
    videos = first_video + torch.arange(len(rows), device=rows.device) // num_positions
    chunk = max(max_scores // num_keys, 1)
    sums = partial(_sums, scale=scale, clip=clip, mask_same_video=mask_same_video)
    with torch.autocast(rows.device.type, enabled=False):
        chunks = [
            checkpoint(sums, *rows_and_videos, keys, use_reentrant=False, preserve_rng_state=False)
            for rows_and_videos in zip(rows.split(chunk), videos.split(chunk))
        ]
    losses, squares = torch.stack(chunks).sum(dim=0)
    return losses / (len(rows) * keys.shape[1]) + penalty * squares / (len(rows) * num_keys)


def _sums(
    rows: Tensor,
    videos: Tensor,
    keys: Tensor,
    scale: bool,
    clip: float | None,
    mask_same_video: bool,
) -> Tensor:
    """Sum the losses and the squared scores of some queries ``[R, D]``."""
    if scale:
        rows = rows * rows.shape[1] ** -0.5
    scores = torch.einsum('rd,mld->rml', rows, keys)
    squares = scores.square().sum()
    if clip is not None:
        scores = clip * torch.tanh(scores / clip)
    positives = scores[torch.arange(len(rows), device=rows.device), videos]  # [R, L']
    if mask_same_video:
        same = videos[:, None] == torch.arange(len(keys), device=keys.device)  # [R, M]
        scores = scores.masked_fill(same[:, :, None], -torch.inf)
        negatives = scores.flatten(1).logsumexp(dim=1, keepdim=True)
        losses = -F.logsigmoid(positives - negatives)
    else:
        losses = scores.flatten(1).logsumexp(dim=1, keepdim=True) - positives
    return torch.stack([losses.sum(), squares])


@MODELS.register_module()
class MultiScaleInfoNCELoss(nn.Module):
    """Sum :func:`position_info_nce` over pairs of layers and average over two directions.

    The pairs (layer of the queries, layer of the keys) are all of ``layers`` x ``other_layers``
    and of ``other_layers`` x ``layers``: by default 5-8, 6-8, 8-8, 8-5 and 8-6. Queries
    come from the first view and keys from the second, then the other way round. Negatives are the
    other videos of all processes; averaged over the processes, loss and gradient are those of one
    process with the whole batch.

    Args:
        layers: The layers with local features and the global one, J in the paper.
        other_layers: J' in the paper.
        scale: Whether dot products are divided by the square root of D.
        clip: The bound of the scores, or None.
        penalty: The factor of the mean squared score.
        mask_same_video: Whether only other videos are negatives.
        max_scores: The number of scores held at once.
        loss_weight: The factor of this loss in the total.
        repeat_pairs: Whether a pair that is in both products, by default 8-8, counts twice, by the
            letter of the paper's sum over J x J' and J' x J. If not, each pair counts once.

    Attributes:
        taps: The layers whose embeddings are needed, in ascending order.

    Examples:
        >>> view = {8: torch.zeros(3, 4, 1, 1, 1)}  # 3 videos, one position each
        >>> criterion = MultiScaleInfoNCELoss(layers=(8,), other_layers=(8,))
        >>> round(criterion(view, view).item(), 4)  # log(3)
        1.0986
    """

    needs_negatives = True  # from the batch

    def __init__(
        self,
        layers: Sequence[int] = (5, 6, 8),
        other_layers: Sequence[int] = (8,),
        scale: bool = True,
        clip: float | None = 20.0,
        penalty: float = 5e-2,
        mask_same_video: bool = True,
        max_scores: int = 2**24,
        loss_weight: float = 1.0,
        repeat_pairs: bool = False,
    ) -> None:
        super().__init__()
        if not layers or not other_layers:
            raise InputError('layers and other_layers need at least one layer each')
        if clip is not None and clip <= 0:
            raise InputError(f'clip must be positive, or None for no clipping, got {clip}')
        pairs = [*product(layers, other_layers), *product(other_layers, layers)]
        self.pairs = pairs if repeat_pairs else list(dict.fromkeys(pairs))
        self.taps = sorted({*layers, *other_layers})
        self.loss_weight = loss_weight
        self._compare = partial(
            position_info_nce,
            scale=scale,
            clip=clip,
            penalty=penalty,
            mask_same_video=mask_same_video,
            max_scores=max_scores,
        )

    def forward(self, first: dict[int, Tensor], second: dict[int, Tensor]) -> Tensor:
        """Compute the loss.

        Args:
            first: Embeddings ``[N, D, t, h, w]`` of the first views by layer.
            second: Embeddings of the second views; row i belongs to row i of ``first``.

        Raises:
            InputError: There is only one video.
        """
        queries = [[_positions(view[tap]) for tap in self.taps] for view in (first, second)]
        sizes = [positions.shape[1] for positions in queries[0]]
        together = torch.cat([*queries[0], *queries[1]], dim=1)  # one exchange for all layers
        keys = gather_with_gradient(together).split(sizes * 2, dim=1)
        first_queries, second_queries = (dict(zip(self.taps, view)) for view in queries)
        first_keys = dict(zip(self.taps, keys))
        second_keys = dict(zip(self.taps, keys[len(sizes) :]))
        first_video = get_rank() * len(together)
        total = sum(
            self._compare(first_queries[layer], second_keys[other], first_video)
            + self._compare(second_queries[layer], first_keys[other], first_video)
            for layer, other in self.pairs
        )
        return self.loss_weight * total / 2


def _positions(features: Tensor) -> Tensor:
    """Reshape ``[N, D, t, h, w]`` to ``[N, t * h * w, D]``, in at least float32."""
    return at_least_float32(features).flatten(2).transpose(1, 2)
