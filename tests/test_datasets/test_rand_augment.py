"""RandAugment against the definitions of its operations, pixel by pixel."""

import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from tests.pictures import texture
from vsslbox.datasets.transforms.augmenting import rand_augment_ops as ops
from vsslbox.datasets.transforms.augmenting.augment_views import AugmentViews
from vsslbox.datasets.transforms.augmenting.rand_augment import RandAugment
from vsslbox.structures import View

OPERATIONS = [
    'AutoContrast',
    'Equalize',
    'Invert',
    'Rotate',
    'Posterize',
    'Solarize',
    'Color',
    'Contrast',
    'Brightness',
    'Sharpness',
    'ShearX',
    'ShearY',
    'TranslateX',
    'TranslateY',
    'Cutout',
    'SolarizeAdd',
]
SIGNED = ['Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY']
CASES = [
    (name, level, sign)
    for name in OPERATIONS
    for level in (0, 0.3, 0.5, 0.9, 1)
    for sign in ((-1, 1) if name in SIGNED else (1,))
]


def pictures(num_frames=1, height=19, width=26):
    """Frames that differ, with few dark and few bright values."""
    return [
        (texture(height, width, [7, t]) // 2 + 20 + 9 * t).astype('u1') for t in range(num_frames)
    ]


def luma(red, green, blue):
    return 0.299 * red + 0.587 * green + 0.114 * blue


def each_value(frames, change):
    out = np.float64(frames)
    for index in np.ndindex(out.shape):
        out[index] = change(out[index])
    return out.clip(0, 255)


def auto_contrast_reference(frames):
    out = np.float64(frames)
    for channel in range(3):
        low, high = out[..., channel].min(), out[..., channel].max()
        if low < high:
            out[..., channel] = 255 * (out[..., channel] - low) / (high - low)
    return out


def equalize_reference(frames):
    """The tables that PIL's source code builds."""
    out = np.float64(frames)
    for channel in range(3):
        values = list(out[..., channel].ravel())
        step = (len(values) - values.count(max(values))) // 255
        if step:
            for value in set(values):
                darker = sum(other < value for other in values)
                new = min(255, (step // 2 + darker) // step)
                out[..., channel][np.equal(frames, value)[..., channel]] = new
    return out


def color_reference(frames, factor):
    out = np.float64(frames)
    for pixel in out.reshape(-1, 3):
        grey = luma(*pixel)
        pixel[:] = grey + factor * (pixel - grey)
    return out.clip(0, 255)


def contrast_reference(frames, factor):
    mean = np.mean([luma(*pixel) for pixel in np.float64(frames).reshape(-1, 3)])
    return each_value(frames, lambda value: mean + factor * (value - mean))


def sharpness_reference(frames, factor):
    out = np.float64(frames)
    for t, y, x in np.ndindex(out.shape[:3]):
        if 0 < y < out.shape[1] - 1 and 0 < x < out.shape[2] - 1:
            nine = np.float64(frames[t])[y - 1 : y + 2, x - 1 : x + 2]
            itself = np.float64(frames[t][y, x])
            smooth = (nine.sum(axis=(0, 1)) + 4 * itself) / 13
            out[t, y, x] = smooth + factor * (itself - smooth)
    return out.clip(0, 255)


def fetched(frames, origin):
    """Take each pixel from the one nearest to ``origin(x, y)``.

    Of two that are equally near, the right or lower one; NaN where they are almost so.
    """
    out = np.float64(frames)
    for t, y, x in np.ndindex(out.shape[:3]):
        place = np.array(origin(x, y))
        from_x, from_y = np.floor(place + 0.5 + 1e-9).astype(int)
        off_tie = np.abs(place - np.floor(place) - 0.5)
        if ((off_tie > 1e-9) & (off_tie < 0.01)).any():
            out[t, y, x] = np.nan
        elif 0 <= from_x < out.shape[2] and 0 <= from_y < out.shape[1]:
            out[t, y, x] = frames[t][from_y, from_x]
        else:
            out[t, y, x] = 128
    return out


def rotate_reference(frames, degrees):
    height, width = frames[0].shape[:2]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def origin(x, y):
        right, up = x - (width - 1) / 2, (height - 1) / 2 - y
        # What is here after a counter-clockwise turn was further clockwise before.
        return (
            (width - 1) / 2 + right * cos + up * sin,
            (height - 1) / 2 - (up * cos - right * sin),
        )

    return fetched(frames, origin)


def cut_out_reference(frames, level, centre):
    out = np.float64(frames)
    height, width = frames[0].shape[:2]
    half = math.floor(40 * level * min(height, width) / 224)
    middle_y, middle_x = math.floor(centre[0] * height), math.floor(centre[1] * width)
    for t, y, x in np.ndindex(out.shape[:3]):
        if -half <= y - middle_y < half and -half <= x - middle_x < half:
            out[t, y, x] = 128
    return out


def reference(name, frames, level, sign, centre):
    """What operation ``name`` makes of frames that belong together, in float64."""
    height, width = frames[0].shape[:2]
    factor = 0.1 + 1.8 * level
    slope = 0.3 * level * sign
    shift_x, shift_y = (round(sign * 100 * level * size / 224) for size in (width, height))
    step = 2 ** (8 - math.floor(4 * level))
    threshold = math.floor(256 * level)
    addition = math.floor(110 * level)
    return {
        'AutoContrast': lambda: auto_contrast_reference(frames),
        'Equalize': lambda: equalize_reference(frames),
        'Invert': lambda: each_value(frames, lambda v: 255 - v),
        'Rotate': lambda: rotate_reference(frames, 30 * level * sign),
        'Posterize': lambda: each_value(frames, lambda v: v - v % step),
        'Solarize': lambda: each_value(frames, lambda v: v if v < threshold else 255 - v),
        'Color': lambda: color_reference(frames, factor),
        'Contrast': lambda: contrast_reference(frames, factor),
        'Brightness': lambda: each_value(frames, lambda v: factor * v),
        'Sharpness': lambda: sharpness_reference(frames, factor),
        'ShearX': lambda: fetched(frames, lambda x, y: (x + slope * y, y)),
        'ShearY': lambda: fetched(frames, lambda x, y: (x, y + slope * x)),
        'TranslateX': lambda: fetched(frames, lambda x, y: (x + shift_x, y)),
        'TranslateY': lambda: fetched(frames, lambda x, y: (x, y + shift_y)),
        'Cutout': lambda: cut_out_reference(frames, level, centre),
        'SolarizeAdd': lambda: each_value(frames, lambda v: v + addition if v < 128 else v),
    }[name]()


def bound(name, level):
    """How far rounding may lead away from the definition."""
    if name in ('AutoContrast', 'Contrast', 'Brightness'):
        return 0.51
    if name in ('Color', 'Sharpness'):  # what they blend with is rounded, too
        return 0.51 + 0.51 * abs(0.9 - 1.8 * level)
    return 0


def one_step(name, sign=1, centre=(0.4, 0.7), num_draws=1):
    """Draws with a single operation."""
    return {
        'operation': np.full((num_draws, 1), OPERATIONS.index(name)),
        'sign': np.full((num_draws, 1), sign),
        'centre': np.tile(centre, (num_draws, 1, 1)),
    }


def assert_within(limit, out, expected):
    known = ~np.isnan(expected)
    assert known.mean() > 0.9
    assert out.dtype == np.uint8
    assert np.abs(out - expected)[known].max() <= limit


@pytest.mark.parametrize(('name', 'level', 'sign'), CASES)
class TestDefinitions:
    def test_of_a_clip(self, name, level, sign):
        """All frames together are one picture."""
        frames = pictures(3)
        transform = RandAugment(1, magnitude=10 * level)
        out = np.stack(transform.apply(frames, one_step(name, sign)))
        assert_within(bound(name, level), out, reference(name, frames, level, sign, (0.4, 0.7)))

    def test_of_single_frames(self, name, level, sign):
        frames = pictures(2)
        transform = RandAugment(1, magnitude=30 * level, max_magnitude=30, consistent=False)
        out = transform.apply(frames, one_step(name, sign, num_draws=2))
        for ours, frame in zip(out, frames):
            expected = reference(name, [frame], level, sign, (0.4, 0.7))
            assert_within(bound(name, level), ours[None], expected)


def test_operations_without_any_effect():
    """At one level some do nothing; no matter which way."""
    frames = pictures(2)
    unchanged = {
        0: [*SIGNED, 'Cutout', 'SolarizeAdd'],
        5: ['Color', 'Contrast', 'Brightness', 'Sharpness'],
        10: ['Solarize'],
    }
    for magnitude, expected in unchanged.items():
        for sign in (-1, 1):
            transform = RandAugment(1, magnitude)
            same = [
                name
                for name in OPERATIONS
                if np.array_equal(transform.apply(frames, one_step(name, sign)), frames)
            ]
            assert set(same) == set(expected), magnitude


@pytest.mark.parametrize('magnitude', [3, 4, 8])
def test_colours_are_those_of_pil(magnitude):
    frame = texture(40, 50, 3) // 2 + 30
    image = Image.fromarray(frame)
    level = magnitude / 10
    factor = 0.1 + 1.8 * level
    expected = {
        'AutoContrast': (ImageOps.autocontrast(image), 1),
        'Equalize': (ImageOps.equalize(image), 0),
        'Invert': (ImageOps.invert(image), 0),
        'Posterize': (ImageOps.posterize(image, int(4 * level)), 0),
        'Solarize': (ImageOps.solarize(image, int(256 * level)), 0),
        'Color': (ImageEnhance.Color(image).enhance(factor), 1),
        'Contrast': (ImageEnhance.Contrast(image).enhance(factor), 1),
        'Brightness': (ImageEnhance.Brightness(image).enhance(factor), 1),
        'Sharpness': (ImageEnhance.Sharpness(image).enhance(factor), 1),
    }
    transform = RandAugment(1, magnitude)
    for name, (changed, limit) in expected.items():
        (out,) = transform.apply([frame], one_step(name))
        assert np.abs(np.int32(out) - np.int32(changed)).max() <= limit, name


def test_numbers_of_pixels_are_the_usual_ones_at_224():
    frame = np.zeros((224, 224, 3), 'u1')
    transform = RandAugment(1, 10)
    (out,) = transform.apply([frame], one_step('Cutout', centre=(0.5, 0.5)))
    rows, columns = np.nonzero(out[..., 0])
    assert {*rows} == {*columns} == {*range(112 - 40, 112 + 40)}
    for name, axis in (('TranslateX', 1), ('TranslateY', 0)):
        for sign, uncovered in ((1, range(124, 224)), (-1, range(100))):
            (out,) = transform.apply([frame], one_step(name, sign))
            assert {*np.nonzero(out[..., 0])[axis]} == {*uncovered}


@pytest.mark.parametrize('centre', [(0, 0), (0.999, 0.999), (0, 0.999), (0.03, 0.5)])
def test_cutout_at_the_border(centre):
    frames = pictures(1, 60, 90)
    out = np.stack(RandAugment(1, 10).apply(frames, one_step('Cutout', centre=centre)))
    assert_within(0, out, cut_out_reference(frames, 1, centre))


@pytest.mark.parametrize('name', OPERATIONS)
@pytest.mark.parametrize('shape', [(1, 1), (1, 7), (2, 2)])
def test_tiny_frames_of_one_colour(name, shape):
    """Nothing to stretch, to equalise or to smooth."""
    frames = [np.full((*shape, 3), (10, 90, 200), 'u1')]
    out = np.stack(RandAugment(1, 9).apply(frames, one_step(name)))
    assert_within(bound(name, 0.9), out, reference(name, frames, 0.9, 1, (0.4, 0.7)))


def test_clip_statistics_keep_equal_pixels_equal():
    """A pixel that stays as it is does not flicker when the rest of the picture changes."""
    frames = pictures(4)
    for t, frame in enumerate(frames):
        frame[:6] = frames[0][:6]
        frame[6:] = frame[6:] // (t + 1)
    for name in ('AutoContrast', 'Equalize', 'Contrast'):
        clip = RandAugment(1, 8).apply(frames, one_step(name))
        alone = RandAugment(1, 8, consistent=False).apply(frames, one_step(name, num_draws=4))
        for t in (1, 2, 3):
            assert (clip[t][:6] == clip[0][:6]).all()
            assert (alone[t][:6] != alone[0][:6]).any()


def run(frames, seed, **arguments):
    """Through AugmentViews: the frames that come out, and what was drawn."""
    view = View('query', np.arange(len(frames)), list(frames))
    chain = AugmentViews([dict(type='RandAugment', **arguments)])
    chain({'views': [view], 'rng': np.random.default_rng(seed)})
    return np.stack(view.frames), view.drawn['RandAugment']


def test_one_draw_for_all_frames():
    still = pictures() * 4
    changed = [run(still, seed, magnitude=9)[0] for seed in range(40)]
    assert all((frames == frames[0]).all() for frames in changed)
    assert sum((frames != still).any() for frames in changed) > 30


def test_a_draw_for_each_frame():
    still = pictures() * 4
    for seed in range(20):
        frames, _ = run(still, seed, magnitude=9, consistent=False)
        assert len({frame.tobytes() for frame in frames}) > 1


@pytest.mark.parametrize('consistent', [True, False])
def test_steps_follow_each_other(consistent):
    """Several operations are as many transforms with one, which take their share of the draw."""
    frames = pictures(3)
    for seed in range(20):
        out, drawn = run(frames, seed, num_ops=3, magnitude=7, consistent=consistent)
        assert drawn['operation'].shape == (1 if consistent else 3, 3)
        single = RandAugment(1, 7, consistent=consistent)
        expected = frames
        for step in range(3):
            expected = single.apply(
                expected, {name: rows[:, step : step + 1] for name, rows in drawn.items()}
            )
        assert (out == np.stack(expected)).all()


@pytest.mark.parametrize('consistent', [True, False])
def test_frames_are_never_written_to(consistent):
    frames = pictures(3)
    before = np.stack(frames)
    for frame in frames:
        frame.flags.writeable = False
    for magnitude in (0, 5, 10):
        transform = RandAugment(1, magnitude, consistent=consistent)
        for name in OPERATIONS:
            transform.apply(frames, one_step(name, num_draws=1 if consistent else 3))
            assert (np.stack(frames) == before).all(), name


def test_one_draw_needs_frames_of_one_size():
    frames = [*pictures(), *pictures(height=20)]
    with pytest.raises(ValueError, match=r'different sizes.*Resize'):
        run(frames, 0)
    transform = RandAugment(1, consistent=False)
    for name in OPERATIONS:
        out = transform.apply(frames, one_step(name, num_draws=2))
        assert [frame.shape for frame in out] == [(19, 26, 3), (20, 26, 3)]


@pytest.mark.parametrize('num_draws', [1, 8])
def test_draws_are_uniform(num_draws):
    """Chi-square tests at the level 0.001, over pairs of operations so as to see dependence."""
    rng = np.random.default_rng(0)
    transform = RandAugment(2)
    draws = [transform.draw(rng, num_draws, pictures()) for _ in range(16_000 // num_draws)]
    drawn = {name: np.concatenate([each[name] for each in draws]) for name in draws[0]}

    def chi_square(counts):
        expected = counts.sum() / counts.size
        return ((counts - expected) ** 2).sum() / expected

    first, second = drawn['operation'].T
    assert drawn['operation'].min() == 0
    assert drawn['operation'].max() == 15
    assert chi_square(np.bincount(drawn['operation'].ravel(), minlength=16)) < 37.7  # 15 degrees
    assert chi_square(np.bincount(16 * first + second, minlength=256)) < 330.5  # 255 degrees
    assert {*drawn['sign'].ravel()} == {-1, 1}
    signed = 2 * drawn['operation'].ravel() + (drawn['sign'].ravel() == 1)
    assert chi_square(np.bincount(signed, minlength=32)) < 61.1  # 31 degrees
    y, x = drawn['centre'].reshape(-1, 2).T
    assert ((drawn['centre'] >= 0) & (drawn['centre'] < 1)).all()
    assert chi_square(np.histogram2d(y, x, 4, [[0, 1]] * 2)[0]) < 37.7  # 15 degrees


def test_every_function_is_an_operation():
    assert len(ops.__all__) == len(OPERATIONS)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(num_ops=0), 'num_ops must be at least 1, got 0'),
        (dict(magnitude=11), r'magnitude must be in \[0, max_magnitude\] = \[0, 10\], got 11'),
        (dict(magnitude=-1), 'got -1'),
        (dict(magnitude=0, max_magnitude=0), 'max_magnitude must be positive, got 0'),
    ],
)
def test_refuses_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandAugment(**arguments)
