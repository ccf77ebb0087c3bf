"""The boxes on a sheet of views are what the views show, by their pixels."""

import cv2
import numpy as np
import pytest

from vsslbox.datasets.transforms.steps import build_steps
from vsslbox.visualization.view_tracer import ViewTracer

HEIGHT, WIDTH = 200, 240


class Reader:
    """A video whose pixels tell their place: red is the column, green the row."""

    path, num_frames = 'a video', 20

    def read(self, indices):
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        frame[..., 0], frame[..., 1] = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
        return [frame] * len(indices)

    def close(self):
        """Have nothing to close."""


def trace(*steps, seed=0, sampler=None):
    """Run a pipeline, and return the traced views."""
    sampler = sampler or dict(type='SampleRandomClip', clip_len=3)
    tracer = ViewTracer()
    sample = dict(reader=Reader(), total_frames=20, fps=25, rng=np.random.default_rng(seed))
    for step in tracer.wrap(build_steps([sampler, dict(type='DecodeViews'), *steps])):
        sample = step(sample)
    return tracer.views


def augment(*transforms, **kwargs):
    return dict(type='AugmentViews', transforms=list(transforms), **kwargs)


def assert_shows(frame, crop):
    """Assert that each pixel of a frame is that of its place in the crop of the original."""
    left, top, right, bottom = crop * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    height, width = frame.shape[:2]
    columns = left + (np.arange(width) + 0.5) / width * (right - left) - 0.5
    rows = top + (np.arange(height) + 0.5) / height * (bottom - top) - 0.5
    # OpenCV repeats the border beyond the centres of its pixels.
    columns, rows = columns.clip(0, WIDTH - 1), rows.clip(0, HEIGHT - 1)
    inner = frame[1:-1, 1:-1].astype(float)
    # Scaling twice rounds twice, and leaves out an odd last row or column before it halves.
    assert np.abs(inner[..., 0] - columns[None, 1:-1]).max() < 1.6
    assert np.abs(inner[..., 1] - rows[1:-1, None]).max() < 1.6


SCALED = dict(type='RandomResizedCrop', size=(60, 90), area=(0.2, 0.8))
CHAINS = {
    'nothing': [augment()],
    'middle': [augment(dict(type='Resize', short_side=150), dict(type='CenterCrop', size=112))],
    'squashed': [augment(dict(type='Resize', size=(100, 64)))],
    'scaled crop': [augment(SCALED)],
    'a crop a frame': [
        augment(dict(SCALED, consistent=False), dict(type='RandomFlip', consistent=False))
    ],
    'CVRL': [augment(dict(type='DistortedBoxCrop', size=64), dict(type='RandomFlip'))],
    'VIE': [
        augment(dict(type='RandomShortSide', low=128, high=160), dict(type='RandomCrop', size=112)),
        augment(dict(type='RandomFlip', prob=1)),
    ],
    'mirrored, then cropped': [
        augment(dict(type='RandomFlip', prob=1), dict(type='RandomCrop', size=80), SCALED),
    ],
    'TSN': [augment(dict(type='MultiScaleCrop', size=64, num_positions=13))],
    'three crops': [
        augment(dict(type='Resize', short_side=128)),
        dict(type='ThreeCrops', size=128),
    ],
    'ten crops': [augment(dict(type='RandomCrop', size=100)), dict(type='TenCrops', size=64)],
}


@pytest.mark.parametrize('chain', CHAINS)
@pytest.mark.parametrize('seed', range(3))
def test_a_view_is_what_lies_in_its_box(chain, seed):
    views = trace(*CHAINS[chain], seed=seed)
    assert len(views) == {'three crops': 3, 'ten crops': 10}.get(chain, 1)
    for traced in views:
        assert traced.unknown is None and len(traced.crops) == len(traced.originals) == 3
        for frame, original, crop in zip(traced.view.frames, traced.originals, traced.crops):
            assert original.shape == (HEIGHT, WIDTH, 3)
            if traced.view.name.endswith('_mirrored'):  # TenCrops mirrors what it cut
                frame = frame[:, ::-1]
            assert_shows(frame, crop)


def test_a_scaled_crop_equals_the_scaled_box_of_the_original():
    small = dict(type='RandomResizedCrop', size=90, area=(0.2, 0.5))
    (traced,) = trace(augment(small))
    left, top, right, bottom = traced.crops[0] * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    assert np.allclose([left, top, right, bottom], np.round([left, top, right, bottom]))
    rows, columns = slice(round(top), round(bottom)), slice(round(left), round(right))
    box = traced.originals[0][rows, columns]
    assert max(box.shape) <= 180  # a factor of 2, above which frames are halved first
    np.testing.assert_array_equal(traced.view.frames[0], cv2.resize(box, (90, 90)))


def test_a_mirrored_frame_has_its_left_on_the_right():
    flip = dict(type='RandomFlip', prob=1)
    (once,) = trace(augment(flip))
    (twice,) = trace(augment(flip, flip))
    assert once.crops.tolist() == [[1, 0, 0, 1]] * 3
    assert twice.crops.tolist() == [[0, 0, 1, 1]] * 3


def test_views_of_one_sample_have_boxes_of_their_own():
    sampler = dict(type='SampleTemporalInterval', clip_len=4, frame_interval=1)
    first, second = trace(augment(SCALED), sampler=sampler)
    assert first.view.name != second.view.name
    assert not np.allclose(first.crops, second.crops)
    for traced in (first, second):
        assert_shows(traced.view.frames[0], traced.crops[0])


def test_colours_leave_a_box_as_it_is():
    grey = dict(type='RandomGrayscale', prob=1)
    (traced,) = trace(augment(SCALED, grey, dict(type='Defer', transforms=[dict(type='Solarize')])))
    (plain,) = trace(augment(SCALED))
    np.testing.assert_array_equal(traced.crops, plain.crops)
    assert traced.unknown is None


def test_rotations_show_what_their_view_showed():
    views = trace(augment(dict(type='RandomCrop', size=80)), dict(type='RotateViews'))
    assert len(views) == 4 and all(traced.unknown is None for traced in views)
    for traced in views:
        np.testing.assert_array_equal(traced.crops, views[0].crops)
    assert_shows(views[0].view.frames[0], views[0].crops[0])


def test_after_an_unknown_transform_there_is_no_box():
    (traced,) = trace(augment(SCALED, dict(type='RandAugment'), dict(type='RandomFlip')))
    assert traced.unknown == 'RandAugment'
