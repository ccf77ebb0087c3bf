"""RoIAlign compared with its definition, sample by sample."""

import math
from importlib import import_module

import pytest
import torch

from vsslbox.models.utils import box_iou, roi_align, torch_roi_align

SIZES = (9, 13)
BOXES = [
    torch.tensor(
        [
            [0.0, 0.0, 208.0, 144.0],  # the whole map
            [33.3, 21.7, 101.9, 77.2],
            [50.0, 50.0, 50.0, 50.0],  # empty
            [60.0, 40.0, 61.0, 43.0],  # smaller than a position
            [-40.0, -60.0, 30.0, 20.0],  # over the edge
            [180.0, 100.0, 400.0, 300.0],
            [500.0, 10.0, 600.0, 60.0],  # outside
        ],
        dtype=torch.float64,
    ),
    torch.zeros(0, 4, dtype=torch.float64),
    torch.tensor([[5.0, 90.0, 190.0, 130.0]], dtype=torch.float64),
]


def bilinear(channel, y, x):
    """Interpolate at a point; the edge extends by one position, and zeros follow."""
    height, width = channel.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
    low_y, low_x = int(y), int(x)
    high_y, high_x = min(low_y + 1, height - 1), min(low_x + 1, width - 1)
    up, right = y - low_y, x - low_x
    return (
        channel[low_y, low_x] * (1 - up) * (1 - right)
        + channel[low_y, high_x] * (1 - up) * right
        + channel[high_y, low_x] * up * (1 - right)
        + channel[high_y, high_x] * up * right
    )


def literal_roi_align(features, boxes, output_size, scale, sampling_ratio):
    outputs = []
    for one_map, its_boxes in zip(features, boxes):
        for box in its_boxes.tolist():
            left, top, right, bottom = (value * scale - 0.5 for value in box)
            bin_h, bin_w = (bottom - top) / output_size, (right - left) / output_size
            ny = sampling_ratio or math.ceil(bin_h)
            nx = sampling_ratio or math.ceil(bin_w)
            out = torch.zeros(len(one_map), output_size, output_size, dtype=features.dtype)
            for c, channel in enumerate(one_map):
                for p in range(output_size):
                    for q in range(output_size):
                        total = 0.0
                        for i in range(ny):
                            for j in range(nx):
                                y = top + bin_h * (p + (i + 0.5) / ny)
                                x = left + bin_w * (q + (j + 0.5) / nx)
                                total += bilinear(channel, y, x)
                        out[c, p, q] = total / max(ny * nx, 1)
            outputs.append(out)
    return torch.stack(outputs)


@pytest.mark.parametrize('sampling_ratio', [0, 1, 2])
@pytest.mark.parametrize('output_size', [1, 3])
def test_equals_the_definition(sampling_ratio, output_size):
    features = torch.randn(3, 2, *SIZES, dtype=torch.float64)
    expected = literal_roi_align(features, BOXES, output_size, 1 / 16, sampling_ratio)
    found = torch_roi_align(features, BOXES, output_size, 1 / 16, sampling_ratio)
    assert torch.allclose(found, expected, atol=1e-12)

    single = [boxes.float() for boxes in BOXES]
    found = roi_align(features.float(), single, output_size, 1 / 16, sampling_ratio)
    assert torch.allclose(found, expected.float(), atol=1e-5)


@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_gradient(sampling_ratio):
    features = torch.randn(3, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    boxes = [torch.tensor([[3.0, 8.0, 70.0, 61.0], [-9.0, -9.0, 20.0, 30.0]]).double()] * 3
    assert torch.autograd.gradcheck(
        lambda maps: torch_roi_align(maps, boxes, 2, 1 / 16, sampling_ratio), features
    )


def test_a_linear_map_gives_the_centres_of_the_bins():
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing='ij')
    (found,) = torch_roi_align((3 * x + 5 * y)[None, None], [torch.tensor([[4.0, 2, 8, 10]])], 2, 1)
    # Position i spans i to i + 1, and its value is that of the centre, i + 0.5.
    columns, rows = torch.tensor([4.5, 6.5]), torch.tensor([3.5, 7.5])
    assert torch.allclose(found[0], 3 * columns[None] + 5 * rows[:, None])


def test_low_precision_is_pooled_in_float32():
    features = torch.randn(1, 4, 6, 6)
    boxes = [torch.tensor([[8.0, 8.0, 80.0, 70.0]])]
    expected = torch_roi_align(features.bfloat16().float(), boxes, 3, 1 / 16)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(torch_roi_align(features.bfloat16(), boxes, 3, 1 / 16), expected)


def test_the_compiled_operator_gets_the_same_boxes(monkeypatch):
    """Its arguments follow the docs of mmcv: rows of clip, left, top, right, bottom."""

    def operator(maps, rois, output_size, scale, sampling_ratio, pool_mode, aligned):
        assert (pool_mode, aligned) == ('avg', True)
        assert maps.is_contiguous() and maps.dtype == rois.dtype == torch.float32
        boxes = [rois[rois[:, 0] == number, 1:] for number in range(len(maps))]
        return torch_roi_align(maps, boxes, output_size, scale, sampling_ratio)

    features, boxes = torch.randn(3, 2, *SIZES), [own.float() for own in BOXES]
    expected = torch_roi_align(features.bfloat16(), boxes, 3, 1 / 16, 2)
    module = import_module('vsslbox.models.utils.roi_align')
    monkeypatch.setattr(module, 'compiled_roi_align', operator)
    assert torch.equal(roi_align(features.bfloat16(), boxes, 3, 1 / 16, 2), expected)


def test_no_boxes():
    features = torch.randn(2, 4, 6, 6, requires_grad=True)
    pooled = torch_roi_align(features, [torch.zeros(0, 4)] * 2, 3, 1 / 16)
    assert pooled.shape == (0, 4, 3, 3)
    pooled.sum().backward()
    assert not features.grad.any()


def test_overlap():
    first = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    second = torch.tensor([[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 1.0], [5.0, 5.0, 6.0, 6.0]])
    expected = torch.tensor([[1 / 7, 1 / 2, 0.0], [0.0, 0.0, 0.0]])
    assert torch.allclose(box_iou(first, second), expected)
    assert torch.equal(box_iou(first[1:], first[1:]), torch.zeros(1, 1))
