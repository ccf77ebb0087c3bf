"""Batches on the device: deferred augmentation matches that of the worker, normalisation."""

import copy
import re
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate

from tests.pictures import texture
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.transforms.augmenting.augment_views import AugmentViews
from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.datasets.transforms.packing.pack_views import PackViews
from vsslbox.models.data_preprocessors.views_preprocessor import ViewsPreprocessor
from vsslbox.registry import MODELS, TRANSFORMS
from vsslbox.structures import SampleKey, View

CHAIN = ('ColorJitter', 'RandomGrayscale', 'GaussianBlur', 'Solarize', 'RandomRotation')


def prepare(clips, transforms, seed):
    """Run a pipeline over some clips of two views and its batch through the preprocessor."""
    packed = []
    for index, frames in enumerate(clips):
        views = [View(name, np.arange(len(frames)), list(frames)) for name in ('query', 'key')]
        rng = np.random.default_rng([seed, index])
        results = {'views': views, 'rng': rng, 'index': index, 'filename': '', 'attributes': {}}
        packed.append(PackViews()(AugmentViews(transforms)(results)))
    batch = default_collate(packed)
    return ViewsPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))(batch, training=True)['inputs']


def assert_same_in_both_places(clips, consistent, seed):
    pivot = {'ColorJitter': {'contrast_pivot': 'clip' if consistent and seed % 2 else 'frame'}}
    chain = [{'type': n, 'consistent': consistent, **pivot.get(n, {})} for n in CHAIN]
    geometry = [
        {'type': 'RandomResizedCrop', 'size': 64, 'consistent': consistent},
        {'type': 'RandomFlip', 'consistent': consistent},
    ]
    now = prepare(clips, geometry + chain, seed)
    later = prepare(clips, [*geometry, {'type': 'Defer', 'transforms': chain}], seed)
    for first, second in zip(now, later):
        assert first.shape == second.shape == (len(clips), 3, len(clips[0]), 64, 64)
        assert (first - second).abs().max() <= 2
    return later


@pytest.mark.parametrize('consistent', [True, False])
@pytest.mark.parametrize('seed', range(4))
def test_both_places_agree_on_the_whole_chain(consistent, seed):
    clips = [[texture(72, 96, [seed, n, t]) for t in range(3)] for n in range(6)]
    query, key = assert_same_in_both_places(clips, consistent, seed)
    assert (query != key).any(dim=(1, 2, 3, 4)).all()


@pytest.mark.parametrize('consistent', [True, False])
def test_both_places_agree_on_real_frames(data_root, consistent):
    videos = sorted((data_root / 'formats/torchvision_assets/videos').glob('*.mp4'))
    if not videos:
        pytest.skip('no Kinetics clips in the test data')
    clips = []
    for video in videos:
        with av.open(str(video)) as container:
            stream = container.decode(video=0)
            clips.append([next(stream).to_ndarray(format='rgb24') for _ in range(3)])
    for seed in range(3):
        assert_same_in_both_places(clips, consistent, seed)


@pytest.mark.parametrize('consistent', [True, False])
def test_equal_frames_stay_equal_on_the_device_if_consistent(consistent):
    clips = [[texture(48, 48, n)] * 3 for n in range(4)]
    chain = [{'type': name, 'prob': 1, 'consistent': consistent} for name in CHAIN]
    for batch in prepare(clips, [{'type': 'Defer', 'transforms': chain}], seed=0):
        equal = (batch[:, :, 1:] == batch[:, :, :1]).all(dim=(1, 3, 4))
        assert equal.all() if consistent else not equal.any()


def deferred_batch(name='ColorJitter'):
    view = View('query', np.arange(2), [texture(24, 24, t) for t in range(2)])
    results = {'views': [view], 'rng': np.random.default_rng(0), 'index': 0, 'attributes': {}}
    deferred = {'type': 'Defer', 'transforms': [{'type': name, 'prob': 1}]}
    return default_collate([PackViews()(AugmentViews([deferred])(results))])


@pytest.mark.parametrize('name', [*CHAIN, 'LabChannelDropout'])
def test_float32_under_autocast(name):
    preprocessor = ViewsPreprocessor()
    plain = preprocessor(deferred_batch(name))['inputs'][0]
    with torch.autocast('cpu', torch.bfloat16):
        mixed = preprocessor(deferred_batch(name))['inputs'][0]
    assert mixed.dtype == torch.float32
    assert (mixed == plain).all()


def test_normalises_by_channel_and_passes_samples_on():
    clips = torch.randint(256, (2, 3, 4, 5, 6), dtype=torch.uint8)
    samples = [object(), object()]
    data = {'inputs': [clips, clips[:, :, :1]], 'data_samples': samples}
    preprocessor = MODELS.build({'type': 'ViewsPreprocessor', 'mean': (1, 2, 3), 'std': (4, 5, 6)})
    out = preprocessor(data)
    assert out['data_samples'] == samples
    assert [view.dtype for view in out['inputs']] == [torch.float32] * 2
    for channel in range(3):
        expected = (clips[:, channel].float() - (channel + 1)) / (channel + 4)
        torch.testing.assert_close(out['inputs'][0][:, channel], expected)
    torch.testing.assert_close(out['inputs'][1], out['inputs'][0][:, :, :1])
    assert not preprocessor.state_dict()


@pytest.mark.parametrize('training', [True, False])
def test_deferred_transforms_apply_whenever_present(training):
    preprocessor = ViewsPreprocessor()
    data = deferred_batch()
    before = copy.deepcopy(data)
    augmented = preprocessor(data, training)['inputs'][0]
    plain = preprocessor({'inputs': data['inputs']}, training)['inputs'][0]
    assert (augmented != plain).any()
    assert data.keys() == before.keys()
    assert (data['inputs'][0] == before['inputs'][0]).all()
    torch.testing.assert_close(data['deferred'], before['deferred'])


def test_bare_tensor():
    with pytest.raises(TypeError, match=r'\[2, 3, 4, 5, 6\]; a single view is a list of one'):
        ViewsPreprocessor()({'inputs': torch.zeros(2, 3, 4, 5, 6)})


def test_batch_that_was_not_stacked():
    clip = torch.zeros(3, 4, 5, 6)
    data = pseudo_collate([{'inputs': [clip]}, {'inputs': [clip]}])
    with pytest.raises(TypeError, match=r"got tuple: is the collate function 'default_collate'"):
        ViewsPreprocessor()(data)
    with pytest.raises(TypeError, match=r'got \[3, 4, 5, 6\]'):
        ViewsPreprocessor()({'inputs': [clip]})


def test_unknown_deferred_transform():
    data = {'inputs': [torch.zeros(2, 3, 4, 5, 6)], 'deferred': [{'Sharpen': {}}]}
    with pytest.raises(ValueError, match=r'Sharpen was deferred, but .* custom_imports'):
        ViewsPreprocessor()(data)


@pytest.fixture
def registered():
    """What a test registers, by decorator, is forgotten after it."""
    before = dict(TRANSFORMS.module_dict)
    yield
    for name in TRANSFORMS.module_dict.keys() - before.keys():
        del TRANSFORMS.module_dict[name]


def through_a_pipeline(folder, transforms):
    """Samples 0 to 5 of a folder as the model sees them, but for the normalisation."""
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='SampleTemporalInterval', clip_len=4),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=transforms),
        dict(type='PackViews'),
    ]
    dataset = VideoDataset(data_root=str(folder), pipeline=pipeline)
    batch = default_collate([dataset[SampleKey(index, 0, 0)] for index in range(6)])
    return torch.stack(ViewsPreprocessor((0, 0, 0), (1, 1, 1))(batch)['inputs'])


def assert_deferring_changes_nothing(folder, *transforms):
    plain = through_a_pipeline(folder, [])
    now = through_a_pipeline(folder, list(transforms))
    later = through_a_pipeline(folder, [dict(type='Defer', transforms=list(transforms))])
    assert (now - plain).abs().max() > 10
    assert (now - later).abs().max() < 0.52
    return plain, later


@pytest.mark.parametrize('consistent', [True, False])
def test_augmentation_from_the_documentation(consistent, registered, video_folder):
    page = Path(__file__).parents[2] / 'docs' / 'input_pipeline.md'
    (code,) = re.findall(r'```python\n(import .*?class RandomGamma.*?)```', page.read_text(), re.S)
    exec(code, {'__name__': 'plug_in'})
    gamma = dict(type='RandomGamma', prob=0.6, consistent=consistent)
    plain, later = assert_deferring_changes_nothing(video_folder, gamma)
    per_frame = (plain == later).all(dim=(2, 4, 5))  # [views, N, T]
    assert 0 < per_frame.float().mean() < 1
    assert consistent == (per_frame == per_frame[..., :1]).all()


def test_augmentation_without_draws_under_a_name_of_its_own(registered, video_folder):
    """Two classes of one name are told apart, and the order of application is that of the list."""

    @TRANSFORMS.register_module(name='Negative')
    class Solarize(ViewTransform):
        def apply_frame(self, frame):
            return 255 - frame

        @staticmethod
        def apply_clips(clips):
            return 255 - clips

    solarize = dict(type='Solarize', prob=1, threshold=200)
    plain, later = assert_deferring_changes_nothing(video_folder, dict(type='Negative'), solarize)
    negative = 255 - plain
    assert torch.equal(later, torch.where(negative < 200, negative, 255 - negative))


def test_wrong_number_of_channels():
    with pytest.raises(ValueError, match='mean must have 3 numbers'):
        ViewsPreprocessor(mean=(0.5,))
