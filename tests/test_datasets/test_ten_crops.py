"""Crops of corners and centre with their mirrors, as mmaction2 has them."""

import numpy as np
import pytest
from mmaction.datasets.transforms import TenCrop

from vsslbox.datasets.transforms import TenCrops
from vsslbox.structures import View


@pytest.mark.parametrize(('height', 'width'), [(16, 29), (27, 18), (16, 16), (37, 40)])
def test_crops_are_those_of_mmaction2(height, width):
    frames = list(np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8))
    expected = TenCrop(16)(dict(imgs=frames))['imgs']
    crops = TenCrops(16)(dict(views=[View('clip0', np.arange(2), frames)]))['views']
    assert len(crops) == 10
    found = [frame for crop in crops for frame in crop.frames]
    for ours, theirs in zip(found, expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_names_tell_the_places():
    view = View('frames', np.arange(1), [np.zeros((8, 12, 3), np.uint8)])
    names = [crop.name for crop in TenCrops(8)(dict(views=[view]))['views']]
    places = ('top_left', 'top_right', 'bottom_left', 'bottom_right', 'centre')
    assert names == [f'frames_{place}{end}' for place in places for end in ('', '_mirrored')]


def test_only_squares_are_cut():
    assert TenCrops((8, 8)).size == 8
    with pytest.raises(ValueError, match=r'TenCrops cuts squares, got size=\(8, 9\)'):
        TenCrops((8, 9))


def test_frames_that_are_too_small_are_refused():
    view = View('frames', np.arange(1), [np.zeros((8, 12, 3), np.uint8)])
    with pytest.raises(ValueError, match=r'TenCrops of 9 pixels from a frame of 8x12 .* Resize'):
        TenCrops(9)(dict(views=[view]))
