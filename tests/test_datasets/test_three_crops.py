"""Three crops along the long side."""

import numpy as np
import pytest

from vsslbox.datasets.transforms import GaussianBlur, Resize, ThreeCrops
from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.structures import View


def crops_of(height, width, size, num_frames=2):
    rng = np.random.default_rng(height + width)
    frames = list(rng.integers(0, 256, (num_frames, height, width, 3), np.uint8))
    view = View('clip0', np.arange(num_frames) * 2, frames)
    return frames, ThreeCrops(size)(dict(views=[view]))['views']


@pytest.mark.parametrize(
    ('height', 'width', 'names', 'corners'),
    [
        (16, 29, ('left', 'middle', 'right'), [(0, 0), (0, 6), (0, 13)]),
        (29, 16, ('top', 'middle', 'bottom'), [(0, 0), (6, 0), (13, 0)]),
        (16, 16, ('left', 'middle', 'right'), [(0, 0), (0, 0), (0, 0)]),
        (19, 30, ('left', 'middle', 'right'), [(1, 0), (1, 7), (1, 14)]),
    ],
)
def test_crops_lie_at_start_middle_and_end(height, width, names, corners):
    frames, crops = crops_of(height, width, size=16)
    assert [crop.name for crop in crops] == [f'clip0_{name}' for name in names]
    for crop, (top, left) in zip(crops, corners, strict=True):
        assert crop.frame_indices.tolist() == [0, 2]
        for frame, cut in zip(frames, crop.frames, strict=True):
            assert cut.shape == (16, 16, 3)
            for y, x in np.ndindex(16, 16):
                assert (cut[y, x] == frame[top + y, left + x]).all()


def test_offsets_are_those_of_the_authors():
    """``linspace`` over the positions, rounded down, for all lengths of the long side."""
    for width in range(8, 40):
        frame = np.broadcast_to(np.arange(width, dtype=np.uint8)[None, :, None], (8, width, 3))
        crops = ThreeCrops(8)(dict(views=[View('clip', np.arange(1), [frame])]))['views']
        expected = np.linspace(0, width - 8, 3).astype(int)
        assert [crop.frames[0][0, 0, 0] for crop in crops] == expected.tolist()


def test_frames_are_not_copied():
    frames, crops = crops_of(16, 29, size=16)
    for crop in crops:
        for frame, cut in zip(frames, crop.frames, strict=True):
            assert np.shares_memory(frame, cut)


def test_every_view_is_replaced_in_order():
    frame = np.zeros((8, 12, 3), np.uint8)
    views = [View(f'clip{i}', np.arange(1), [frame]) for i in range(2)]
    names = [crop.name for crop in ThreeCrops(8)(dict(views=views))['views']]
    places = ('left', 'middle', 'right')
    assert names == [f'clip{i}_{place}' for i in range(2) for place in places]


def test_crops_keep_their_own_notes_of_draws():
    view = View('clip', np.arange(1), [np.zeros((8, 12, 3), np.uint8)])
    rng = np.random.default_rng(0)
    Defer([dict(type='GaussianBlur', prob=1.0)])(view, rng)
    first, second, _ = ThreeCrops(8)(dict(views=[view]))['views']
    assert first.deferred.keys() == view.deferred.keys() == {GaussianBlur.__name__}
    first.drawn['Other'] = {}
    first.deferred.clear()
    assert 'Other' not in second.drawn
    assert second.deferred


def test_resize_and_crops_cover_a_real_aspect_ratio():
    view = View('clip', np.arange(1), [np.zeros((240, 320, 3), np.uint8)])
    Resize(short_side=256)(view, np.random.default_rng(0))
    crops = ThreeCrops(256)(dict(views=[view]))['views']
    assert [crop.frames[0].shape for crop in crops] == [(256, 256, 3)] * 3


def test_frames_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r'of 16 pixels from a frame of 12x29 .* Resize'):
        crops_of(12, 29, size=16)


def test_frames_must_be_decoded():
    with pytest.raises(ValueError, match="'clip' has no frames: put DecodeViews"):
        ThreeCrops(8)(dict(views=[View('clip', np.arange(1))]))
