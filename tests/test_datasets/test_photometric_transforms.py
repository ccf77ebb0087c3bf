"""Transforms that the device can apply: both forms against each other and their definitions."""

import colorsys
import math
from itertools import permutations

import numpy as np
import pytest
import torch

import vsslbox.datasets  # noqa: F401  (registers them)
from tests.pictures import texture
from vsslbox.datasets.transforms.augmenting.color_jitter import ColorJitter
from vsslbox.datasets.transforms.augmenting.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.augmenting.lab_channel_dropout import LabChannelDropout
from vsslbox.datasets.transforms.augmenting.random_rotation import RandomRotation
from vsslbox.datasets.transforms.augmenting.solarize import Solarize
from vsslbox.datasets.transforms.augmenting.tensorflow_color_jitter import TensorFlowColorJitter
from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

DEFERRABLE = {
    name: kind
    for name, kind in TRANSFORMS.module_dict.items()
    if issubclass(kind, ViewTransform) and kind.apply_clips is not None
}
STRONG = {'brightness': 0.8, 'contrast': 0.8, 'saturation': 0.8, 'hue': 0.2}  # CVRL


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


def tensorflow_jitter_reference(frames, params):
    """TensorFlowColorJitter: all frames with one draw are one image; float64, pixel by pixel."""
    num_draws = len(params['order'])
    images = np.split(np.float64(frames) / 255, num_draws)  # of all frames, or one for each
    for draw, image in enumerate(images):
        row = {name: float(rows[draw]) for name, rows in params.items() if name != 'order'}
        pixels = image.reshape(-1, 3)
        for step in params['order'][draw]:
            means = [np.mean([pixel[channel] for pixel in pixels]) for channel in range(3)]
            for pixel in pixels:
                if step == 0:
                    pixel[:] = pixel * row['brightness']
                elif step == 1:
                    pixel[:] = (pixel - means) * row['contrast'] + means
                else:
                    hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
                    if step == 2:
                        saturation = min(row['saturation'] * saturation, 1)
                    else:
                        hue = (hue + row['hue']) % 1
                    pixel[:] = colorsys.hsv_to_rgb(hue, saturation, value)
                pixel[:] = pixel.clip(0, 1)
    return 255 * np.concatenate(images)


def grey_reference(frames, params):
    out = np.float64(frames)
    for pixel in out.reshape(-1, 3):
        pixel[:] = luma(*pixel)
    return out


def blur_reference(frames, params):
    """GaussianBlur as a sum over the whole square of taps; beyond the border, mirrored or 0."""

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
                shifted = np.float64(frames[t][rows][:, columns])
                if params['zero_border'].all():
                    shifted[[not 0 <= y + dy < height for y in range(height)]] = 0
                    shifted[:, [not 0 <= x + dx < width for x in range(width)]] = 0
                out[t] += tap * shifted
                total += tap
        out[t] /= total
    return out


def solarize_reference(frames, params):
    """The rule of PIL's ImageOps.solarize, value by value."""
    out = np.float64(frames)
    for t, frame in enumerate(out):
        threshold = params['threshold'][t % len(params['threshold'])]
        for pixel in frame.reshape(-1, 3):
            pixel[:] = [value if value < threshold else 255 - value for value in pixel]
    return out


SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
D65 = (0.95047, 1, 1.08883)


def to_lab(pixel):
    """CIE 15 and IEC 61966-2-1, for one pixel in [0, 255]."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in pixel / 255
    ]
    x, y, z = (
        ratio ** (1 / 3) if ratio > (6 / 29) ** 3 else ratio * (29 / 6) ** 2 / 3 + 4 / 29
        for ratio in SRGB_TO_XYZ @ linear / D65
    )
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def from_lab(lightness, a, b):
    y = (lightness + 16) / 116
    roots = (y + a / 500, y, y - b / 200)
    xyz = [
        white * (root**3 if root > 6 / 29 else 3 * (6 / 29) ** 2 * (root - 4 / 29))
        for root, white in zip(roots, D65)
    ]
    linear = np.linalg.solve(SRGB_TO_XYZ, xyz).clip(0, 1)
    return [
        255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)
        for value in linear
    ]


def lab_reference(frames, params):
    """LabChannelDropout pixel by pixel, in float64."""
    out = np.float64(frames)
    for t, frame in enumerate(out):
        channel = params['channel'][t % len(params['channel'])]
        for pixel in frame.reshape(-1, 3):
            lab = to_lab(pixel)
            lab[channel] = [50, 0, 0][channel]
            pixel[:] = from_lab(*lab)
    return out


def rotation_reference(frames, params):
    """RandomRotation pixel by pixel: where it comes from, and what is between the four there."""
    out = np.zeros(frames.shape)
    num_frames, height, width, _ = frames.shape

    def value(t, y, x):
        inside = 0 <= y < height and 0 <= x < width
        return np.float64(frames[t, y, x]) if inside else np.zeros(3)

    for t, i, j in np.ndindex(num_frames, height, width):
        angle = math.radians(params['angle'][t % len(params['angle'])])
        up, right = (height - 1) / 2 - i, j - (width - 1) / 2
        # Turn back, clockwise.
        x = (width - 1) / 2 + right * math.cos(angle) + up * math.sin(angle)
        y = (height - 1) / 2 - (up * math.cos(angle) - right * math.sin(angle))
        top, left = math.floor(y), math.floor(x)
        for row, share in ((top, 1 - y + top), (top + 1, y - top)):
            out[t, i, j] += share * (1 - x + left) * value(t, row, left)
            out[t, i, j] += share * (x - left) * value(t, row, left + 1)
    return out


REFERENCES = {
    'ColorJitter': jitter_reference,
    'GaussianBlur': blur_reference,
    'LabChannelDropout': lab_reference,
    'RandomGrayscale': grey_reference,
    'RandomRotation': rotation_reference,
    'Solarize': solarize_reference,
    'TensorFlowColorJitter': tensorflow_jitter_reference,
}


def on_device(name, frames, params):
    """What the batched form makes of one clip; frames in and out as ``[T, H, W, 3]``."""
    clips = torch.from_numpy(frames).permute(3, 0, 1, 2)[None]
    rows = {key: torch.tensor(value, dtype=torch.float32)[None] for key, value in params.items()}
    return DEFERRABLE[name].apply_batch(clips, rows)[0].permute(1, 2, 3, 0).numpy()


def test_every_deferrable_transform_has_a_definition_here():
    ours = {name for name, kind in DEFERRABLE.items() if kind.__module__.startswith('vsslbox.')}
    assert ours == set(REFERENCES)


@pytest.mark.parametrize('name', DEFERRABLE)
@pytest.mark.parametrize('consistent', [True, False])
def test_both_forms_agree_on_a_batch(name, consistent):
    """Every other row is off, as far as the transform can be."""
    transform = DEFERRABLE[name](consistent=consistent)
    rng = np.random.default_rng(0)
    batch = [[texture(24, 28, [n, t]) for t in range(4)] for n in range(8)]
    drawn = [transform.draw_for(View('', np.arange(4), frames), rng) for frames in batch]
    for number, params in enumerate(drawn):
        if 'on' in params:
            params['on'] = (np.arange(len(params['on'])) + number) % 2 == 0
    in_worker = np.stack([transform.apply(*pair) for pair in zip(batch, drawn)])
    clips = torch.from_numpy(np.array(batch)).permute(0, 4, 1, 2, 3)
    params = {key: torch.tensor(np.array([d[key] for d in drawn])).float() for key in drawn[0]}
    out = DEFERRABLE[name].apply_batch(clips, params)
    assert out.dtype == torch.float32
    on_device = out.permute(0, 2, 3, 4, 1).numpy()
    assert np.abs(in_worker - on_device).max() < 0.58
    if 'on' in params:
        off = ~params['on'].bool().expand(8, 4).numpy()
        assert off.mean() == 0.5
        assert (on_device[off] == np.array(batch)[off]).all()


@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('ColorJitter', {}),
        ('ColorJitter', {'consistent': False}),
        ('ColorJitter', {'contrast_pivot': 'clip'}),
        ('ColorJitter', {**STRONG, 'hue': 0.5}),
        ('ColorJitter', {**STRONG, 'contrast_pivot': 'clip'}),
        ('ColorJitter', {'hue': 0}),
        ('RandomGrayscale', {}),
        ('RandomGrayscale', {'consistent': False}),
        ('GaussianBlur', {}),
        ('GaussianBlur', {'consistent': False}),
        ('GaussianBlur', {'kernel_size': 7, 'sigma': (2, 3)}),
        ('GaussianBlur', {'kernel_size': 23, 'border': 'zero'}),
        ('GaussianBlur', {'border': 'zero', 'consistent': False}),
        ('LabChannelDropout', {}),
        ('LabChannelDropout', {'consistent': False}),
        ('RandomRotation', {'degrees': (-180, 180)}),
        ('RandomRotation', {'consistent': False}),
        ('Solarize', {}),
        ('Solarize', {'threshold': 40.5, 'consistent': False}),
        ('TensorFlowColorJitter', {}),
        ('TensorFlowColorJitter', {'consistent': False}),
        ('TensorFlowColorJitter', {**STRONG, 'hue': 0}),
        ('TensorFlowColorJitter', {'saturation': 6, 'hue': 0.5}),
    ],
)
@pytest.mark.parametrize('seed', range(3))
def test_both_forms_agree_with_the_definition(name, arguments, seed):
    frames = np.stack([texture(14, 18, seed + t) for t in range(3)])
    frames[1, :4] = frames[1, :4, :, :1]  # some exact greys
    transform = DEFERRABLE[name](prob=1, **arguments)
    num_draws = 1 if transform.consistent else len(frames)
    params = transform.draw(np.random.default_rng(seed), num_draws, list(frames))
    expected = REFERENCES[name](frames, params)
    in_worker = np.stack(transform.apply(list(frames), params))
    assert in_worker.dtype == np.uint8
    assert np.abs(in_worker - expected).max() < 0.56  # it rounds
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


@pytest.mark.parametrize('order', list(permutations(range(4))))
def test_tensorflow_jitter_in_any_order(order):
    """Saturation and hue share a conversion where one follows the other; the rest lies between."""
    frames = np.stack([texture(9, 7, t) for t in range(2)])
    frames[0, 0, :4] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [9, 9, 9]]
    jitter = TensorFlowColorJitter(prob=1)
    params = jitter.draw(np.random.default_rng(order), 1, list(frames))
    params |= {'order': np.array([order]), 'saturation': np.array([1.7], np.float32)}
    expected = tensorflow_jitter_reference(frames, params)
    assert np.abs(np.stack(jitter.apply(list(frames), params)) - expected).max() < 0.56
    assert np.abs(on_device('TensorFlowColorJitter', frames, params) - expected).max() < 0.02


@pytest.mark.parametrize('consistent', [True, False])
def test_both_jitters_draw_alike(consistent):
    ours = ColorJitter(**STRONG, consistent=consistent)
    tensorflow = TensorFlowColorJitter(**STRONG, consistent=consistent)
    first, second = (jitter.draw(np.random.default_rng(3), 5, []) for jitter in (ours, tensorflow))
    for name in ('on', 'order', 'brightness', 'contrast', 'saturation', 'hue'):
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize('size', [1, 2, 5])
def test_blur_wider_than_the_frame(size):
    frames = np.stack([noise := np.random.default_rng(0).integers(0, 256, (size, 9, 3), 'u1')])
    params = {'on': np.array([True]), 'sigma': np.array([2.0]), 'radius': np.array([6])}
    params['zero_border'] = np.array([False])
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


@pytest.mark.parametrize('name', DEFERRABLE)
@pytest.mark.parametrize('num_draws', [1, 4])
def test_what_is_off_stays_as_it_is(name, num_draws):
    rng = np.random.default_rng(0)
    frames = [texture(24, 24, t) for t in range(4)]
    drawn = [DEFERRABLE[name]().draw(rng, num_draws, frames) for _ in range(6)]
    params = {key: torch.from_numpy(np.stack([d[key] for d in drawn])).float() for key in drawn[0]}
    params['on'] = (torch.arange(6 * num_draws) % 2).view(6, num_draws).float()
    if num_draws > 1:
        params['on'][0] = 0
    clips = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2).expand(6, -1, -1, -1, -1).float()
    before = clips.clone()
    out = DEFERRABLE[name].apply_batch(clips, params)
    assert (clips == before).all()
    changed = (out != before).any(dim=4).any(dim=3).any(dim=1)  # [N, T]
    assert (changed == params['on'].bool().expand(6, 4)).all()
    nothing = DEFERRABLE[name].apply_batch(clips, params | {'on': torch.zeros(6, num_draws)})
    assert (nothing == before).all()


@pytest.mark.parametrize('seed', range(3))
def test_lab_dropout_of_any_colour(seed):
    frames = np.random.default_rng(seed).integers(0, 256, (1, 40, 40, 3), dtype=np.uint8)
    frames[0, :8] //= 16  # dark ones: all curves have a straight piece there
    frames[0, 8, :8] = np.array(list(np.ndindex(2, 2, 2))) * 255
    params = {'on': np.array([True]), 'channel': np.array([seed])}
    expected = lab_reference(frames, params)
    assert np.abs(LabChannelDropout().apply(list(frames), params) - expected).max() < 0.56
    assert np.abs(on_device('LabChannelDropout', frames, params) - expected).max() < 0.02


def test_lab_of_known_colours():
    """The reference above knows the Lab of sRGB's primaries and white, to published digits."""
    known = {
        (255, 0, 0): (53.24, 80.09, 67.20),
        (0, 255, 0): (87.73, -86.18, 83.18),
        (0, 0, 255): (32.30, 79.19, -107.86),
        (255, 255, 255): (100, 0, 0),
    }
    for colour, lab in known.items():
        np.testing.assert_allclose(to_lab(np.array(colour)), lab, atol=0.015)
        np.testing.assert_allclose(from_lab(*to_lab(np.array(colour))), colour, atol=1e-6)


@pytest.mark.parametrize('quarters', [-1, 0, 1, 2])
def test_rotation_by_right_angles(quarters):
    frames = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), dtype=np.uint8)
    params = {'on': np.array([True]), 'angle': np.array([90 * quarters], np.float32)}
    expected = np.rot90(frames, quarters, axes=(1, 2))  # counter-clockwise
    assert (np.stack(RandomRotation().apply(list(frames), params)) == expected).all()
    assert np.abs(on_device('RandomRotation', frames, params) - expected).max() < 0.02


@pytest.mark.parametrize('angle', [-33.7, 4.2, 171])
def test_rotation_of_noise(angle):
    """Places that were rounded to a fraction of a pixel would show here."""
    frames = np.random.default_rng(0).integers(0, 256, (1, 50, 70, 3), dtype=np.uint8)
    params = {'on': np.array([True]), 'angle': np.array([angle], np.float32)}
    expected = rotation_reference(frames, params)
    assert np.abs(RandomRotation().apply(list(frames), params) - expected).max() < 0.56
    assert np.abs(on_device('RandomRotation', frames, params) - expected).max() < 0.02


@pytest.mark.parametrize('level', [127, 128])
def test_solarize_changes_what_reaches_the_threshold(level):
    frame = np.full((2, 2, 3), level, np.uint8)
    transform = Solarize(prob=1)
    (out,) = transform.apply([frame], transform.draw(np.random.default_rng(0), 1, [frame]))
    assert (out == 127).all()


def test_solarize_on_the_device_knows_values_between_levels():
    clips = torch.tensor([10, 39.9, 40.0, 40.1, 255]).view(1, 1, 1, 1, 5).expand(1, 3, 1, 1, 5)
    params = {'on': torch.ones(1, 1), 'threshold': torch.full((1, 1), 40.0)}
    out = Solarize.apply_batch(clips, params)
    torch.testing.assert_close(out[0, 1, 0, 0], torch.tensor([10, 39.9, 215, 214.9, 0]))
