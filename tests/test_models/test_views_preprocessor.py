"""Photometric augmentation, in the worker and on the device, and normalisation of batches."""

import colorsys
import copy
import math

import av
import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate

from vsslbox.datasets.transforms.augment_views import AugmentViews
from vsslbox.datasets.transforms.color_jitter import ColorJitter
from vsslbox.datasets.transforms.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.pack_views import PackViews
from vsslbox.datasets.transforms.random_grayscale import RandomGrayscale
from vsslbox.models.data_preprocessors.photometric import PHOTOMETRIC
from vsslbox.models.data_preprocessors.views_preprocessor import ViewsPreprocessor
from vsslbox.registry import MODELS
from vsslbox.structures import View

TRANSFORMS = {each.__name__: each for each in (ColorJitter, GaussianBlur, RandomGrayscale)}
CHAIN = ('ColorJitter', 'RandomGrayscale', 'GaussianBlur')


def texture(height, width, seed):
    """A smooth random picture that reaches black, white and pure colours."""
    coarse = np.random.default_rng(seed).uniform(-60, 315, (height // 6, width // 6, 3))
    return (
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype('u1')
    )


def luma(red, green, blue):
    return 0.299 * red + 0.587 * green + 0.114 * blue


def jitter_reference(frames, params):
    """ColorJitter pixel by pixel, in float64."""
    out = np.float64(frames)
    for step in range(4):
        clip_grey = np.mean([luma(*pixel) for pixel in out.reshape(-1, 3)])
        for t, frame in enumerate(out):
            row = {name: rows[t % len(rows)] for name, rows in params.items()}
            operation = row['order'][step]
            frame_grey = np.mean([luma(*pixel) for pixel in frame.reshape(-1, 3)])
            for pixel in frame.reshape(-1, 3):
                if operation == 0:
                    pixel[:] = pixel * row['brightness']
                elif operation == 1:
                    grey = clip_grey if row['clip_pivot'] else frame_grey
                    pixel[:] = grey + row['contrast'] * (pixel - grey)
                elif operation == 2:
                    grey = luma(*pixel)
                    pixel[:] = grey + row['saturation'] * (pixel - grey)
                else:
                    hue, saturation, value = colorsys.rgb_to_hsv(*pixel / 255)
                    hue = (hue + float(row['hue'])) % 1
                    pixel[:] = 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value))
                pixel[:] = pixel.clip(0, 255)
    return out


def grey_reference(frames, params):
    out = np.float64(frames)
    for pixel in out.reshape(-1, 3):
        pixel[:] = luma(*pixel)
    return out


def blur_reference(frames, params):
    """GaussianBlur as a sum over the whole square of taps; beyond the border, mirrored."""

    def mirrored(place, size):
        place = abs(place)
        return place if place < size else 2 * (size - 1) - place

    out = np.zeros(frames.shape)
    num_frames, height, width, _ = frames.shape
    for t in range(num_frames):
        sigma = float(params['sigma'][t % len(params['sigma'])])
        radius = int(params['radius'][t % len(params['radius'])])
        total = 0
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                tap = math.exp(-(dy**2 + dx**2) / (2 * sigma**2))
                rows = [mirrored(y + dy, height) for y in range(height)]
                columns = [mirrored(x + dx, width) for x in range(width)]
                out[t] += tap * frames[t][rows][:, columns]
                total += tap
        out[t] /= total
    return out


REFERENCES = {
    'ColorJitter': jitter_reference,
    'RandomGrayscale': grey_reference,
    'GaussianBlur': blur_reference,
}


def on_device(name, frames, params):
    """What the batched function makes of one clip; frames in and out as ``[T, H, W, 3]``."""
    clips = torch.from_numpy(frames).permute(3, 0, 1, 2)[None]
    rows = {key: torch.tensor(value, dtype=torch.float32)[None] for key, value in params.items()}
    return PHOTOMETRIC[name](clips, rows)[0].permute(1, 2, 3, 0).numpy()


@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('ColorJitter', {}),
        ('ColorJitter', {'consistent': False}),
        ('ColorJitter', {'contrast_pivot': 'clip'}),
        ('ColorJitter', {'brightness': 0.8, 'contrast': 0.8, 'saturation': 0.8, 'hue': 0.5}),
        ('RandomGrayscale', {}),
        ('RandomGrayscale', {'consistent': False}),
        ('GaussianBlur', {}),
        ('GaussianBlur', {'consistent': False}),
        ('GaussianBlur', {'kernel_size': 7, 'sigma': (2, 3)}),
    ],
)
@pytest.mark.parametrize('seed', range(3))
def test_both_places_agree_with_the_definition(name, arguments, seed):
    frames = np.stack([texture(14, 18, seed + t) for t in range(3)])
    frames[1, :4] = frames[1, :4, :, :1]  # some exact greys
    transform = TRANSFORMS[name](prob=1, **arguments)
    num_draws = 1 if transform.consistent else len(frames)
    params = transform.draw(np.random.default_rng(seed), num_draws, list(frames))
    expected = REFERENCES[name](frames, params)
    in_worker = np.stack(transform.apply(list(frames), params))
    assert in_worker.dtype == np.uint8
    assert np.abs(in_worker - expected).max() < 0.52  # it rounds
    assert np.abs(on_device(name, frames, params) - expected).max() < 0.02


@pytest.mark.parametrize('turns', [-0.5, -0.31, -0.05, 0, 0.2, 0.5])
def test_hue_of_pure_colours(turns):
    colours = [[255, 0, 0], [255, 255, 0], [0, 255, 0], [0, 255, 255], [0, 0, 255], [255, 0, 255]]
    frames = np.array([[[*colours, [0, 0, 0], [255, 255, 255], [9, 9, 9]]]], np.uint8)
    params = ColorJitter(0, 0, 0).draw(np.random.default_rng(0), 1, list(frames))
    params |= {'on': np.array([True]), 'hue': np.array([turns], np.float32)}
    expected = jitter_reference(frames, params)
    assert np.abs(ColorJitter().apply(list(frames), params) - expected).max() < 0.52
    assert np.abs(on_device('ColorJitter', frames, params) - expected).max() < 0.02


@pytest.mark.parametrize('size', [1, 2, 5])
def test_blur_wider_than_the_frame(size):
    frames = np.stack([noise := np.random.default_rng(0).integers(0, 256, (size, 9, 3), 'u1')])
    params = {'on': np.array([True]), 'sigma': np.array([2.0]), 'radius': np.array([6])}
    padded = np.pad(noise, ((6, 6), (6, 6), (0, 0)), mode='reflect').astype(float)
    taps = np.exp(-(np.arange(-6, 7) ** 2) / 8)
    taps /= taps.sum()
    expected = sum(
        taps[dy] * taps[dx] * padded[dy : dy + size, dx : dx + 9]
        for dy in range(13)
        for dx in range(13)
    )
    assert np.abs(GaussianBlur().apply(list(frames), params)[0] - expected).max() < 0.52
    assert np.abs(on_device('GaussianBlur', frames, params)[0] - expected).max() < 0.02


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


@pytest.mark.parametrize('name', CHAIN)
@pytest.mark.parametrize('num_draws', [1, 4])
def test_what_is_off_stays_as_it_is(name, num_draws):
    rng = np.random.default_rng(0)
    frames = [texture(24, 24, t) for t in range(4)]
    drawn = [TRANSFORMS[name]().draw(rng, num_draws, frames) for _ in range(6)]
    params = {key: torch.from_numpy(np.stack([d[key] for d in drawn])).float() for key in drawn[0]}
    params['on'] = (torch.arange(6 * num_draws) % 2).view(6, num_draws).float()
    if num_draws > 1:
        params['on'][0] = 0
    clips = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2).expand(6, -1, -1, -1, -1).float()
    before = clips.clone()
    out = PHOTOMETRIC[name](clips, params)
    assert (clips == before).all()
    changed = (out != before).any(dim=4).any(dim=3).any(dim=1)  # [N, T]
    assert (changed == params['on'].bool().expand(6, 4)).all()
    nothing = PHOTOMETRIC[name](clips, params | {'on': torch.zeros(6, num_draws)})
    assert (nothing == before).all()


def deferred_batch(name='ColorJitter'):
    view = View('query', np.arange(2), [texture(24, 24, t) for t in range(2)])
    results = {'views': [view], 'rng': np.random.default_rng(0), 'index': 0, 'attributes': {}}
    deferred = {'type': 'Defer', 'transforms': [{'type': name, 'prob': 1}]}
    return default_collate([PackViews()(AugmentViews([deferred])(results))])


@pytest.mark.parametrize('name', CHAIN)
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
    torch.testing.assert_close(data['photometric'], before['photometric'])


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
    data = {'inputs': [torch.zeros(2, 3, 4, 5, 6)], 'photometric': [{'Sharpen': {}}]}
    with pytest.raises(ValueError, match=r'Sharpen was deferred, but only ColorJitter'):
        ViewsPreprocessor()(data)


def test_wrong_number_of_channels():
    with pytest.raises(ValueError, match='mean must have 3 numbers'):
        ViewsPreprocessor(mean=(0.5,))
