"""Trivial features against literal loops over the pixels."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.models.extractors import colour_histogram, motion_histogram
from vsslbox.registry import MODELS

MODEL = dict(type='FeatureExtractor', backbone=dict(type='NarrowResNet', depth=18, base_channels=4))

BOUNDS = [3 * bound for bound in (2, 4, 8, 16, 32, 64)]  # of the sum of R, G and B


def clips(*shape):
    return torch.randint(256, shape, dtype=torch.uint8)


def test_colours_are_counted():
    views = clips(2, 3, 4, 5, 7)
    found = colour_histogram(views)
    assert found.shape == (2, 512)
    for clip, row in zip(views.numpy(), found):
        counts = np.zeros(512)
        for red, green, blue in clip.reshape(3, -1).T:
            counts[int(red) // 32 * 64 + int(green) // 32 * 8 + int(blue) // 32] += 1
        np.testing.assert_allclose(row, np.sqrt(counts / 140), atol=1e-6)


def test_changes_are_counted_in_cells():
    views = clips(2, 3, 3, 8, 12)
    views[1] = views[1, :, :1] + torch.arange(3, dtype=torch.uint8).view(3, 1, 1)  # small changes
    found = motion_histogram(views)
    assert found.shape == (2, 112)
    for clip, row in zip(views.numpy(), found):
        grey = clip.astype(int).sum(axis=0)
        counts = np.zeros((4, 4, 7))
        for before, after in pairwise(grey):
            for (y, x), change in np.ndenumerate(abs(after - before)):
                counts[y // 2, x // 3, sum(change >= bound for bound in BOUNDS)] += 1
        np.testing.assert_allclose(row, np.sqrt(counts.ravel() / counts.sum()), atol=1e-6)


def test_a_still_video_has_no_changes():
    still = motion_histogram(clips(1, 3, 1, 8, 8).expand(1, 3, 5, 8, 8)).view(16, 7)
    assert torch.equal(still[:, 0], torch.full((16,), 0.25)) and not still[:, 1:].any()


def test_all_features_are_of_the_same_views():
    views = [clips(2, 3, 4, 32, 32) for _ in range(2)]
    model = MODELS.build(dict(type='ReferenceFeatures', model=MODEL, seeds=[3, 5])).eval()
    found = model(inputs=views)
    assert list(found) == ['random0', 'random1', 'colour', 'motion']
    for name, histogram in dict(colour=colour_histogram, motion=motion_histogram).items():
        assert torch.equal(found[name], (histogram(views[0]) + histogram(views[1])) / 2)
    for name, seed in dict(random0=3, random1=5).items():
        torch.manual_seed(seed)
        alone = MODELS.build(MODEL)
        alone.init_weights()
        alone.eval()
        expected = alone(**alone.data_preprocessor(dict(inputs=views)), mode='tensor')
        assert torch.equal(found[name], expected)


def test_single_frames_in_succession_are_one_clip():
    frames = [clips(2, 3, 1, 32, 32) for _ in range(4)]
    model = MODELS.build(dict(type='ReferenceFeatures', model=MODEL, seeds=[0])).eval()
    assert torch.equal(model(inputs=frames)['motion'], motion_histogram(torch.cat(frames, dim=2)))


def test_the_random_state_of_others_is_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    MODELS.build(dict(type='ReferenceFeatures', model=MODEL))
    assert torch.equal(torch.rand(3), expected)


def test_views_without_colour_are_refused():
    model = MODELS.build(dict(type='ReferenceFeatures', model=MODEL, seeds=[])).eval()
    with pytest.raises(InputError, match=r'got \[\[2, 2, 4, 8, 8\]\]'):
        model(inputs=[clips(2, 2, 4, 8, 8)])
