"""RoIAlign without compiled operators."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslbox.models.utils.precision import at_least_float32

try:
    from mmcv.ops import roi_align as compiled_roi_align
except ImportError:  # mmcv-lite, or an mmcv without its operators
    compiled_roi_align = None

__all__ = ['roi_align', 'torch_roi_align']


def roi_align(
    features: Tensor,
    boxes: Sequence[Tensor],
    output_size: int,
    spatial_scale: float,
    sampling_ratio: int = 0,
) -> Tensor:
    """Compute features of boxes by mmcv's operator if it is compiled, or :func:`torch_roi_align`.

    Arguments and result are those of :func:`torch_roi_align`.
    """
    if compiled_roi_align is None:
        return torch_roi_align(features, boxes, output_size, spatial_scale, sampling_ratio)
    maps = at_least_float32(features).contiguous()
    rois = [F.pad(own, (1, 0), value=number) for number, own in enumerate(boxes)]
    return compiled_roi_align(
        maps, torch.cat(rois).to(maps), output_size, spatial_scale, sampling_ratio, 'avg', True
    )


def torch_roi_align(
    features: Tensor,
    boxes: Sequence[Tensor],
    output_size: int,
    spatial_scale: float,
    sampling_ratio: int = 0,
) -> Tensor:
    """Compute RoIAlign as products of matrices.

    A bin of the output is the mean of bilinear samples on a regular grid. Both factor into rows and
    columns, so that the output is ``Y F X^T`` for a feature map F and two small matrices of
    weights. The boxes receive no gradient.

    Source: He et al., "Mask R-CNN", section 3; aligned: pixel i spans i to i + 1.

    Args:
        features: ``[N, C, H, W]``.
        boxes: N tensors ``[n, 4]``: left, top, right, bottom in pixels of the input.
        output_size: The number of bins along each axis, P.
        spatial_scale: The size of the feature map / the size of the input.
        sampling_ratio: The samples of a bin along each axis; 0: one for each pixel, rounded up.

    Returns:
        ``[boxes in all, C, P, P]``, in at least float32.
    """
    height, width = features.shape[2:]
    with torch.autocast(features.device.type, enabled=False), torch.no_grad():
        corners = at_least_float32(torch.cat(list(boxes))) * spatial_scale - 0.5
        left, top, right, bottom = corners.to(features.device).unbind(1)
        rows = _axis_weights(top, bottom, height, output_size, sampling_ratio)
        columns = _axis_weights(left, right, width, output_size, sampling_ratio)
    with torch.autocast(features.device.type, enabled=False):
        maps = at_least_float32(features)
        rows, columns = rows.to(maps), columns.to(maps)
        counts = [len(its_boxes) for its_boxes in boxes]
        pooled = [
            # k boxes, c channels, h and w of the map, p and q of the output
            torch.einsum('kph,chkq->kcpq', y, torch.einsum('chw,kqw->chkq', one_map, x))
            for one_map, y, x in zip(maps, rows.split(counts), columns.split(counts))
        ]
        return torch.cat(pooled)


def _axis_weights(
    start: Tensor, end: Tensor, length: int, num_bins: int, sampling_ratio: int
) -> Tensor:
    """Compute the weight of each position of an axis in each bin.

    Args:
        start: The start of each box, ``[k]``, in positions.
        end: The end of each box, ``[k]``.
        length: The number of positions of the axis, L.
        num_bins: P.
        sampling_ratio: As for :func:`torch_roi_align`.

    Returns:
        ``[k, P, L]``.
    """
    bin_size = (end - start) / num_bins
    counts = torch.full_like(bin_size, sampling_ratio) if sampling_ratio else bin_size.ceil()
    most = int(counts.max()) if len(counts) else 0
    bins = torch.arange(num_bins, device=start.device)[:, None]
    samples = torch.arange(most, device=start.device)
    per_box = counts.clamp(min=1)[:, None, None]
    where = start[:, None, None] + bin_size[:, None, None] * (bins + (samples + 0.5) / per_box)
    # Samples more than one position beyond the axis count as zero; nearer ones repeat the edge.
    counted = (samples < counts[:, None, None]) & (where >= -1) & (where <= length)
    where = where.clamp(0, length - 1)
    low = where.floor()
    share = where - low
    weights = where.new_zeros(*where.shape[:2], length)
    for position, weight in ((low, 1 - share), ((low + 1).clamp(max=length - 1), share)):
        weights.scatter_add_(2, position.long(), weight * counted / per_box)
    return weights
