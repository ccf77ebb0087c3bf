"""The boxes of multi-scale cropping are those of mmaction2, each as often as the others."""

from collections import Counter
from unittest import mock

import numpy as np
import pytest
from mmaction.datasets.transforms import MultiScaleCrop as MMActionCrop

from vsslbox.datasets.transforms import MultiScaleCrop
from vsslbox.structures import View

VIE = (1, 0.8409, 0.7071, 0.5946, 0.5)
TSN = (1, 0.875, 0.75, 0.66)
SETTINGS = [(VIE, 0, 5, 112), (TSN, 1, 5, 224), (TSN, 1, 13, 224)]


def reference_boxes(height, width, scales, gap, positions, size):
    """All boxes (top, left, height, width), written out; one for each draw."""
    boxes = []
    for i, scale_y in enumerate(scales):
        for j, scale_x in enumerate(scales):
            if abs(i - j) > gap:
                continue
            sides = [int(min(height, width) * scale) for scale in (scale_y, scale_x)]
            box_h, box_w = (size if abs(side - size) < 3 else side for side in sides)
            down, right = (height - box_h) // 4, (width - box_w) // 4
            boxes += [(y * down, x * right, box_h, box_w) for y in (0, 4) for x in (0, 4)]
            boxes += [(2 * down, 2 * right, box_h, box_w)]
            if positions == 13:
                boxes += [(y * down, x * right, box_h, box_w) for y in (1, 3) for x in (1, 3)]
                boxes += [(y * down, 2 * right, box_h, box_w) for y in (0, 4)]
                boxes += [(2 * down, x * right, box_h, box_w) for x in (0, 4)]
    return boxes


def boxes_of_mmaction(height, width, scales, gap, positions, size):
    """Every pair of choices that mmaction2's transform can make."""
    boxes = []
    crop = MMActionCrop(size, scales, gap, num_fixed_crops=positions)
    for first in range(len(scales) ** 2):
        for second in range(positions):
            answers = iter((first, second))
            with mock.patch('random.choice', lambda options: options[next(answers)]):  # noqa: B023
                try:
                    results = crop(dict(img_shape=(height, width)))
                except IndexError:  # there are fewer pairs of scales
                    return boxes
            left, top, right, bottom = results['crop_bbox'].tolist()
            boxes.append((top, left, bottom - top, right - left))
    return boxes


def draw_boxes(height, width, scales, gap, positions, size, num_draws):
    crop = MultiScaleCrop(size, scales, gap, positions, consistent=False)
    frames = [np.broadcast_to(np.uint8(0), (height, width, 3))] * num_draws
    drawn = crop.draw(np.random.default_rng(0), num_draws, frames)
    return [tuple(box) for box in drawn['box'].tolist()]


@pytest.mark.parametrize('shape', [(240, 320), (320, 256), (256, 256), (341, 257)])
@pytest.mark.parametrize('settings', SETTINGS)
def test_boxes_are_those_of_mmaction2(shape, settings):
    expected = reference_boxes(*shape, *settings)
    assert sorted(boxes_of_mmaction(*shape, *settings)) == sorted(expected)
    assert set(draw_boxes(*shape, *settings, num_draws=5000)) == set(expected)


@pytest.mark.parametrize('settings', SETTINGS)
def test_all_draws_are_equally_likely(settings):
    expected = Counter(reference_boxes(241, 320, *settings))
    found = Counter(draw_boxes(241, 320, *settings, num_draws=20000))
    choices = expected.total()
    for box, times in expected.items():
        share = times / choices
        deviation = np.sqrt(share * (1 - share) / 20000)
        assert abs(found[box] / 20000 - share) < 4.5 * deviation, box


@pytest.mark.parametrize('short_side', [222, 223])
def test_boxes_stay_within_frames_of_nearly_the_wanted_size(short_side):
    for top, left, height, width in draw_boxes(short_side, 300, (1,), 0, 5, 224, 100):
        assert (height, width) == (short_side, short_side)
        assert 0 <= top <= short_side - height
        assert 0 <= left <= 300 - width


def test_frames_share_a_box_and_are_scaled():
    ramp = np.broadcast_to(np.arange(160, dtype=np.uint8)[:, None], (120, 160, 3))
    view = View('clip', np.arange(3), [ramp, ramp, ramp])
    MultiScaleCrop(30, (1, 0.5), 0)(view, np.random.default_rng(3))
    (box,) = view.drawn['MultiScaleCrop']['box']
    assert [frame.shape for frame in view.frames] == [(30, 30, 3)] * 3
    assert all(np.array_equal(view.frames[0], frame) for frame in view.frames)
    # Columns hold their own number, so the average of a row tells the middle of the box.
    assert abs(view.frames[0].mean() - (box[1] + (box[3] - 1) / 2)) < 1


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(scales=()), r'scales must be numbers in \(0, 1\]'),
        (dict(scales=(1.2, 1)), r'scales must be numbers in \(0, 1\]'),
        (dict(num_positions=9), 'num_positions must be 5 or 13, got 9'),
    ],
)
def test_wrong_settings_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        MultiScaleCrop(**kwargs)
