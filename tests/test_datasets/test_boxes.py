"""Boxes on their way to a detector: which frames, and that they stay on what they show."""

import cv2
import numpy as np
import pytest
from mmaction.datasets.transforms import SampleAVAFrames

from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

# Left, top, right, bottom of a white rectangle in a black frame of 120x160 pixels.
PIXELS = np.array([[40, 30, 80, 90]])
SIZE = np.array([160, 120, 160, 120])


def view_of_a_rectangle():
    frame = np.zeros((120, 160, 3), np.uint8)
    ((left, top, right, bottom),) = PIXELS
    frame[top:bottom, left:right] = 255
    return View('clip', np.arange(2), frames=[frame] * 2, boxes=dict(gt_bboxes=PIXELS / SIZE))


CHAINS = {
    'resize': [dict(type='Resize', size=(90, 80))],
    'short side': [dict(type='RandomShortSide', low=60, high=200)],
    'centre': [dict(type='CenterCrop', size=(100, 110))],
    'crop': [dict(type='RandomCrop', size=(100, 90))],
    'scaled crop': [dict(type='RandomResizedCrop', size=(100, 90), area=(0.7, 0.9))],
    'square': [dict(type='MultiScaleCrop', size=100, scales=(0.9, 1), max_scale_gap=0)],
    'flip': [dict(type='RandomFlip', prob=1)],
    'training': [
        dict(type='RandomShortSide', low=128, high=160),
        dict(type='RandomCrop', size=112),
        dict(type='RandomFlip', prob=0.5),
    ],
}


@pytest.mark.parametrize('name', CHAINS)
@pytest.mark.parametrize('seed', range(4))
def test_boxes_stay_on_what_they_show(name, seed):
    view, rng = view_of_a_rectangle(), np.random.default_rng(seed)
    for transform in CHAINS[name]:
        TRANSFORMS.build(transform)(view, rng)
    height, width = view.frames[0].shape[:2]
    (box,) = view.boxes['gt_bboxes'].clip(0, 1) * [width, height, width, height]
    x, y, w, h = cv2.boundingRect((view.frames[0][..., 0] > 127).astype(np.uint8))
    assert np.allclose(box, [x, y, x + w, y + h], atol=0.75)


def test_flip_twice_is_nothing():
    view = view_of_a_rectangle()
    flip = TRANSFORMS.build(dict(type='RandomFlip', prob=1))
    flip(view, np.random.default_rng(0))
    assert np.allclose(view.boxes['gt_bboxes'] * SIZE, [[80, 30, 120, 90]])
    flip(view, np.random.default_rng(0))
    assert np.allclose(view.boxes['gt_bboxes'] * SIZE, PIXELS)


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(type='RandomRotation', degrees=(-5, 5)), 'RandomRotation cannot move boxes'),
        (dict(type='RandAugment'), 'RandAugment cannot move boxes'),
        (dict(type='RandomFlip', consistent=False), 'consistent=True'),
    ],
)
def test_transforms_that_cannot_move_boxes(cfg, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(cfg)(view_of_a_rectangle(), np.random.default_rng(0))


@pytest.mark.parametrize(('clip_len', 'frame_interval'), [(32, 2), (8, 8), (5, 3)])
@pytest.mark.parametrize('second', [902, 1100, 1798])
def test_frames_are_those_of_mmaction2_but_for_one(clip_len, frame_interval, second):
    results = dict(timestamp=second, timestamp_start=900, fps=30, total_frames=27000)
    sampler = TRANSFORMS.build(
        dict(type='SampleKeyFrameClip', clip_len=clip_len, frame_interval=frame_interval)
    )
    (view,) = sampler.transform(dict(results))['views']
    assert view.frame_indices[clip_len // 2] == (second - 900) * 30
    theirs = SampleAVAFrames(clip_len, frame_interval, test_mode=True).transform(
        dict(results, start_index=0)
    )
    assert view.frame_indices.tolist() == theirs['frame_inds'].tolist()
    # Files are numbered from 1, and the key frame of second 900 is the first. With that
    # start_index theirs are one frame later.
    theirs = SampleAVAFrames(clip_len, frame_interval, test_mode=True).transform(
        dict(results, start_index=1)
    )
    assert (view.frame_indices + 1 + 1).tolist() == theirs['frame_inds'].tolist()


def test_clips_at_the_ends_repeat_frames_and_keep_the_rate_of_the_file():
    sampler = TRANSFORMS.build(dict(type='SampleKeyFrameClip', clip_len=4, frame_interval=10))
    known = dict(timestamp_start=0, total_frames=50, frame_rate=30)
    (first,) = sampler.transform(dict(known, timestamp=0, fps=25.0))['views']
    assert first.frame_indices.tolist() == [0, 0, 0, 10]
    (last,) = sampler.transform(dict(known, timestamp=1, fps=25.0))['views']
    assert last.frame_indices.tolist() == [5, 15, 25, 35]
    (unknown,) = sampler.transform(dict(known, timestamp=1, fps=0.0))['views']
    assert unknown.frame_indices.tolist() == [10, 20, 30, 40]


def packed(boxes, labels, proposals, original):
    frame = np.zeros((20, 40, 3), np.uint8)
    view = View('clip', np.arange(2), [frame] * 2, boxes=dict(gt_bboxes=boxes, proposals=proposals))
    results = dict(index=0, views=[view], gt_labels=labels, proposals=original)
    results.update(video_id='v', timestamp=902, attributes={}, filename='v.mp4')
    return TRANSFORMS.build(dict(type='PackDetection')).transform(results)


def test_packing_cuts_boxes_and_drops_what_is_not_seen():
    boxes = np.array([[0.5, -0.5, 1.5, 0.5], [1.2, 0, 1.5, 1]])
    original = np.array([[0.1, 0.1, 0.2, 0.2], [0.3, 0.3, 0.4, 0.4]])
    sample = packed(boxes, np.eye(2, 5, dtype=np.float32), boxes[::-1], original)
    known = sample['data_samples']
    assert sample['inputs'].shape == (3, 2, 20, 40)
    assert known.gt_instances.bboxes.tolist() == [[20, 0, 40, 10]]
    assert known.gt_instances.labels.tolist() == [[1, 0, 0, 0, 0]]
    assert known.proposals.bboxes.tolist() == [[20, 0, 40, 10]]
    assert np.allclose(known.proposals.video_bboxes, original[1:])
    assert (known.video_id, known.timestamp, known.img_shape) == ('v', 902, (20, 40))
