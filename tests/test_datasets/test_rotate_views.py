"""The four rotations of a view."""

import numpy as np
import pytest

from vsslbox.datasets.transforms.augmenting.rotate_views import RotateViews
from vsslbox.structures import View


def rotate(*views):
    results = RotateViews()(dict(views=list(views)))
    return results['views'], results['targets']['pretext_label']


def literal(frame, turns):
    """Turn a picture counter-clockwise: the right column becomes the upper row."""
    for _ in range(turns):
        size = len(frame)
        frame = [[frame[row][size - 1 - line] for row in range(size)] for line in range(size)]
    return frame


def test_every_frame_is_turned_pixel_by_pixel():
    frames = list(np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8))
    drawn = dict(RandomFlip=dict(on=np.array([True])))
    view = View('clip', [3, 1], frames, drawn=drawn, deferred=drawn)
    views, labels = rotate(view)
    assert labels.tolist() == [0, 1, 2, 3]
    assert [v.name for v in views] == ['clip_0', 'clip_90', 'clip_180', 'clip_270']
    for turns, turned in enumerate(views):
        assert turned.frame_indices.tolist() == [3, 1]
        assert turned.drawn == turned.deferred == drawn
        for frame, result in zip(frames, turned.frames, strict=True):
            assert result.tolist() == literal(frame.tolist(), turns)


def test_labels_of_several_views_are_in_their_order():
    square = [np.zeros((4, 4, 3), np.uint8)]
    views, labels = rotate(View('first', [0], square), View('second', [0], square))
    assert [v.name.split('_')[0] for v in views] == ['first'] * 4 + ['second'] * 4
    assert labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_wrong_views_are_refused():
    with pytest.raises(ValueError, match='put DecodeViews before RotateViews'):
        rotate(View('clip', [0]))
    with pytest.raises(ValueError, match='4x3 pixels: put a square crop before RotateViews'):
        rotate(View('clip', [0], [np.zeros((3, 4, 3), np.uint8)]))
    boxes = dict(gt_bboxes=np.zeros((1, 4)))
    with pytest.raises(ValueError, match="cannot move the boxes of view 'clip'"):
        rotate(View('clip', [0], [np.zeros((4, 4, 3), np.uint8)], boxes=boxes))
