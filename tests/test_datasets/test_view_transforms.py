"""View transforms: geometry against literal references, laws of the draws, and plumbing."""

import copy
import random
from itertools import permutations

import numpy as np
import pytest

from vsslbox.datasets.transforms.augmenting.augment_views import AugmentViews
from vsslbox.datasets.transforms.augmenting.center_crop import CenterCrop
from vsslbox.datasets.transforms.augmenting.color_jitter import ColorJitter
from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.datasets.transforms.augmenting.distorted_box_crop import DistortedBoxCrop
from vsslbox.datasets.transforms.augmenting.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.augmenting.lab_channel_dropout import LabChannelDropout
from vsslbox.datasets.transforms.augmenting.random_flip import RandomFlip
from vsslbox.datasets.transforms.augmenting.random_grayscale import RandomGrayscale
from vsslbox.datasets.transforms.augmenting.random_resized_crop import RandomResizedCrop
from vsslbox.datasets.transforms.augmenting.random_rotation import RandomRotation
from vsslbox.datasets.transforms.augmenting.resize import Resize
from vsslbox.datasets.transforms.augmenting.solarize import Solarize
from vsslbox.structures import View

NUM_DRAWS = 4000
CHAIN = ('RandomResizedCrop', 'RandomFlip', 'ColorJitter', 'RandomGrayscale', 'GaussianBlur')
WITH_PROB = (
    RandomFlip,
    ColorJitter,
    RandomGrayscale,
    GaussianBlur,
    Solarize,
    LabChannelDropout,
    RandomRotation,
)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def make_view(frames, name='query'):
    return View(name, np.arange(len(frames)), list(frames))


def augment(frames, transforms, seed=0):
    view = make_view(frames)
    AugmentViews(transforms)({'views': [view], 'rng': np.random.default_rng(seed)})
    return view


def draw_many(transform, frames):
    return transform.draw(np.random.default_rng(7), NUM_DRAWS, frames * NUM_DRAWS)


def assert_share(hits, prob):
    """A share counted over independent draws is within 4 standard errors of its probability."""
    assert abs(np.mean(hits) - prob) < 4 * np.sqrt(prob * (1 - prob) / len(hits))


def bilinear(image, out_height, out_width):
    """The grey level between the four nearest pixel centres, pixel by pixel."""
    height, width, _ = image.shape
    out = np.zeros((out_height, out_width, 3))
    for i in range(out_height):
        for j in range(out_width):
            y = min(max((i + 0.5) * height / out_height - 0.5, 0), height - 1)
            x = min(max((j + 0.5) * width / out_width - 0.5, 0), width - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = image[top, left] * (1 - x + left) + image[top, right] * (x - left)
            lower = image[bottom, left] * (1 - x + left) + image[bottom, right] * (x - left)
            out[i, j] = upper * (1 - y + top) + lower * (y - top)
    return out


class TestRandomResizedCrop:
    def test_cuts_the_box_and_scales_it_bilinearly(self):
        image = noise(40, 50)
        params = {'box': np.array([[5, 7, 20, 24]])}
        (out,) = RandomResizedCrop(size=(16, 28)).apply([image], params)
        expected = bilinear(image[5:25, 7:31], 16, 28)
        assert out.shape == (16, 28, 3)
        assert np.abs(out - expected).max() <= 1

    def test_averages_areas_when_it_shrinks_a_lot(self):
        image = noise(48, 72)
        (out,) = RandomResizedCrop(size=(12, 18)).apply(
            [image], {'box': np.array([[0, 0, 48, 72]])}
        )
        expected = image.reshape(12, 4, 18, 4, 3).mean((1, 3))
        assert np.abs(out - expected).max() <= 1.01  # it is rounded twice

    def test_halves_the_side_that_shrinks_a_lot(self):
        stripes = np.zeros((96, 40, 3), np.uint8)
        stripes[::2] = 200
        (out,) = RandomResizedCrop(size=24).apply([stripes], {'box': np.array([[0, 0, 96, 40]])})
        assert np.abs(out.astype(int) - 100).max() <= 1

    def test_leaves_an_odd_border_out_when_it_shrinks_a_lot(self):
        image = noise(49, 75)
        box = {'box': np.array([[0, 0, 49, 75]])}
        (out,) = RandomResizedCrop(size=(20, 30)).apply([image], box)
        halved = image[:48, :74].reshape(24, 2, 37, 2, 3).mean((1, 3))
        assert np.abs(out - bilinear(halved, 20, 30)).max() <= 1.01

    def test_boxes_obey_the_bounds(self):
        transform = RandomResizedCrop(consistent=False)
        top, left, height, width = draw_many(transform, [np.empty((256, 340, 3))])['box'].T
        assert top.min() >= 0
        assert left.min() >= 0
        assert (top + height).max() <= 256
        assert (left + width).max() <= 340
        # Sides are rounded to pixels: half a pixel of slack on each.
        assert ((height + 0.5) * (width + 0.5)).min() >= 0.2 * 256 * 340
        assert ((width + 0.5) / (height - 0.5)).min() >= 3 / 4
        assert ((width - 0.5) / (height + 0.5)).max() <= 4 / 3

    def test_law_where_every_attempt_fits(self):
        transform = RandomResizedCrop(area=(0.1, 0.5), ratio=(0.5, 2), consistent=False)
        boxes = draw_many(transform, [np.empty((1000, 1000, 3))])['box']
        top, left, height, width = boxes.T
        for area in (0.2, 0.3, 0.4):
            assert_share(height * width < area * 1e6, (area - 0.1) / 0.4)
        for ratio in (0.7, 1.0, 1.4):
            assert_share(width / height < ratio, np.log(ratio / 0.5) / np.log(4))
        for place, side in ((top, height), (left, width)):
            assert_share(place / (1000 - side) < 0.3, 0.3)

    def test_attempts_that_do_not_fit_are_rejected(self):
        # Here a box fits if and only if its width / height is at most 1.
        transform = RandomResizedCrop(area=(0.25, 0.25), ratio=(0.25, 4), consistent=False)
        height, width = draw_many(transform, [np.empty((400, 100, 3))])['box'][:, 2:].T
        assert (width <= 100).all()
        assert_share(width / height < 0.5, 0.5)

    @pytest.mark.parametrize(
        ('frame', 'box'),
        [((20, 400), [0, 186, 20, 27]), ((400, 20), [186, 0, 27, 20])],
        ids=['wide', 'tall'],
    )
    def test_falls_back_to_the_middle(self, frame, box):
        transform = RandomResizedCrop(area=(0.9, 1))
        for seed in range(20):
            drawn = transform.draw(np.random.default_rng(seed), 1, [np.empty((*frame, 3))])
            assert drawn['box'].tolist() == [box]

    def test_one_box_needs_frames_of_one_size(self):
        view = make_view([noise(20, 30), noise(20, 32)])
        with pytest.raises(ValueError, match=r'different sizes.*Resize'):
            RandomResizedCrop(8)(view, np.random.default_rng(0))
        RandomResizedCrop(8, consistent=False)(view, np.random.default_rng(0))
        assert [frame.shape for frame in view.frames] == [(8, 8, 3)] * 2

    @pytest.mark.parametrize(
        'wrong', [{'size': 0}, {'size': (1, 2, 3)}, {'area': (0.5, 2)}, {'ratio': (2, 1)}]
    )
    def test_refuses_wrong_arguments(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            RandomResizedCrop(**wrong)


def tensorflow_box(chance, height, width, area, ratio):
    """One box of sample_distorted_bounding_box, step by step as TensorFlow takes them."""
    least, most = area[0] * width * height, area[1] * width * height
    for _ in range(100):
        aspect = chance.uniform(*ratio)
        box_height = int(np.rint(np.sqrt(least / aspect)))
        max_height = int(np.rint(np.sqrt(most / aspect)))
        if np.rint(max_height * aspect) > width:
            max_height = int((width + 0.5 - 0.0000001) / aspect)
            if np.rint(max_height * aspect) > width:
                max_height -= 1
        max_height = min(max_height, height)
        box_height = min(box_height, max_height)
        box_height += chance.randrange(max_height - box_height + 1)
        box_width = int(np.rint(box_height * aspect))
        if box_width * box_height < least:
            box_height += 1
            box_width = int(np.rint(box_height * aspect))
        if box_width * box_height > most:
            box_height -= 1
            box_width = int(np.rint(box_height * aspect))
        if not least <= box_width * box_height <= most:
            continue
        if 0 < box_width <= width and 0 < box_height <= height:
            top = chance.randrange(max(height - box_height, 1))
            left = chance.randrange(max(width - box_width, 1))
            return top, left, box_height, box_width
    return 0, 0, height, width


class TestDistortedBoxCrop:
    @pytest.mark.parametrize('frame', [(256, 340), (340, 256), (12, 16), (30, 90)])
    @pytest.mark.parametrize('bounds', [((0.3, 1), (0.5, 2)), ((0.5, 0.6), (1, 1.5))])
    def test_law_is_that_of_tensorflow(self, frame, bounds):
        transform = DistortedBoxCrop(8, *bounds, consistent=False)
        ours = draw_many(transform, [np.empty((*frame, 3))])['box']
        chance = random.Random(3)
        theirs = np.array([tensorflow_box(chance, *frame, *bounds) for _ in range(NUM_DRAWS)])

        def features(boxes):
            top, left, height, width = boxes.T
            return top, left, height, width, height * width, width / height, height * top

        for our, their in zip(features(ours), features(theirs)):
            for quantile in (0.1, 0.3, 0.5, 0.7, 0.9):
                threshold = np.quantile(their, quantile)
                both = [np.mean(each <= threshold) for each in (our, their)]
                share = np.mean(both)
                error = np.sqrt(2 * share * (1 - share) / NUM_DRAWS)
                assert abs(both[0] - both[1]) <= 4 * error

    def test_boxes_obey_the_bounds(self):
        boxes = draw_many(DistortedBoxCrop(consistent=False), [np.empty((256, 340, 3))])['box']
        top, left, height, width = boxes.T
        assert (height * width).min() >= 0.3 * 256 * 340
        assert top.min() >= 0
        assert left.min() >= 0
        assert (top + height)[height < 256].max() == 255
        assert (left + width)[width < 340].max() == 339
        assert (top[height == 256] == 0).all()
        assert ((width + 0.5) / height).min() >= 0.5
        assert ((width - 0.5) / height).max() <= 2

    def test_falls_back_to_the_whole_frame(self):
        transform = DistortedBoxCrop(area=(0.9, 1))
        drawn = transform.draw(np.random.default_rng(0), 1, [np.empty((20, 400, 3))])
        assert drawn['box'].tolist() == [[0, 0, 20, 400]]

    def test_cuts_the_box_and_scales_it(self):
        image = noise(40, 50)
        view = augment([image], [{'type': 'DistortedBoxCrop', 'size': (16, 28)}])
        ((top, left, height, width),) = view.drawn['DistortedBoxCrop']['box']
        expected = bilinear(image[top : top + height, left : left + width], 16, 28)
        assert np.abs(view.frames[0] - expected).max() <= 1

    def test_one_box_needs_frames_of_one_size(self):
        with pytest.raises(ValueError, match='before DistortedBoxCrop'):
            DistortedBoxCrop(8)(make_view([noise(20, 30), noise(20, 32)]), np.random.default_rng(0))


class TestOtherGeometry:
    def test_flip_mirrors_columns(self):
        image = noise(4, 6)
        off, on = RandomFlip().apply([image, image], {'on': np.array([False, True])})
        assert (off == image).all()
        assert (on == image[:, ::-1]).all()

    @pytest.mark.parametrize(
        ('arguments', 'shape'),
        [
            ({'short_side': 30}, (30, 51)),
            ({'short_side': 80}, (80, 136)),
            ({'size': 36}, (36, 36)),
            ({'size': (24, 48)}, (24, 48)),
        ],
    )
    def test_resize(self, arguments, shape):
        image = noise(40, 68)
        view = augment([image], [{'type': 'Resize', **arguments}])
        assert view.frames[0].shape == (*shape, 3)
        assert np.abs(view.frames[0] - bilinear(image, *shape)).max() <= 1

    def test_resize_keeps_the_ratio_of_tall_frames(self):
        view = augment([noise(68, 40)], [{'type': 'Resize', 'short_side': 20}])
        assert view.frames[0].shape == (34, 20, 3)

    @pytest.mark.parametrize('arguments', [{}, {'short_side': 3, 'size': 3}])
    def test_resize_takes_one_argument(self, arguments):
        with pytest.raises(ValueError, match='either short_side or size'):
            Resize(**arguments)

    def test_center_crop(self):
        image = noise(11, 20)
        view = augment([image], [{'type': 'CenterCrop', 'size': (4, 6)}])
        assert (view.frames[0] == image[3:7, 7:13]).all()

    def test_center_crop_of_a_small_frame(self):
        with pytest.raises(ValueError, match=r'8x8 from a frame of 11x7.*Resize'):
            CenterCrop(8).apply_frame(noise(11, 7))


class TestDraws:
    @pytest.mark.parametrize('transform', WITH_PROB)
    @pytest.mark.parametrize('prob', [0.1, 0.5, 0.8])
    def test_happens_with_its_probability(self, transform, prob):
        on = draw_many(transform(prob=prob, consistent=False), [noise(4, 4)])['on']
        assert on.shape == (NUM_DRAWS,)
        assert_share(on, prob)

    @pytest.mark.parametrize('transform', WITH_PROB)
    def test_refuses_wrong_probabilities(self, transform):
        with pytest.raises(ValueError, match=r'prob must be a number in \[0, 1\], got 1.5'):
            transform(prob=1.5)

    def test_jitter_factors_are_uniform(self):
        transform = ColorJitter(0.2, 0.4, 1.5, 0.1, consistent=False)
        drawn = draw_many(transform, [noise(4, 4)])
        bounds = {
            'brightness': (0.8, 1.2),
            'contrast': (0.6, 1.4),
            'saturation': (0, 2.5),
            'hue': (-0.1, 0.1),
        }
        for name, (low, high) in bounds.items():
            assert drawn[name].min() >= np.float32(low)
            assert drawn[name].max() <= np.float32(high)
            assert_share(drawn[name] < low + 0.3 * (high - low), 0.3)

    def test_jitter_orders_are_equally_likely(self):
        orders = draw_many(ColorJitter(consistent=False), [noise(4, 4)])['order']
        for order in permutations(range(4)):
            assert_share((orders == order).all(1), 1 / 24)

    def test_blur_width_is_uniform_and_its_radius_follows(self):
        drawn = draw_many(GaussianBlur(consistent=False), [noise(4, 4)])
        assert drawn['sigma'].min() >= 0.1
        assert drawn['sigma'].max() <= 2
        assert_share(drawn['sigma'] < 0.67, 0.3)
        assert (drawn['radius'] == np.ceil(3 * drawn['sigma'])).all()
        wide = draw_many(GaussianBlur(kernel_size=23, consistent=False), [noise(4, 4)])
        assert (wide['radius'] == 11).all()

    def test_rotation_angle_is_uniform(self):
        angle = draw_many(RandomRotation((-20, 80), consistent=False), [noise(4, 4)])['angle']
        assert angle.min() >= -20
        assert angle.max() <= 80
        assert_share(angle < 10, 0.3)

    def test_lab_channels_are_equally_likely(self):
        channel = draw_many(LabChannelDropout(consistent=False), [noise(4, 4)])['channel']
        for number in range(3):
            assert_share(channel == number, 1 / 3)

    @pytest.mark.parametrize(
        ('transform', 'arguments', 'message'),
        [
            (ColorJitter, {'contrast': -1}, 'contrast must not be negative'),
            (ColorJitter, {'hue': 0.6}, r'hue must be in \[0, 0.5\]'),
            (ColorJitter, {'contrast_pivot': 'video'}, "'frame' or 'clip', got 'video'"),
            (ColorJitter, {'contrast_pivot': 'clip', 'consistent': False}, 'consistent=True'),
            (GaussianBlur, {'sigma': (0, 1)}, 'sigma must be'),
            (GaussianBlur, {'kernel_size': 4}, 'kernel_size must be a positive odd number'),
            (GaussianBlur, {'border': 'wrap'}, "'reflect' or 'zero', got 'wrap'"),
            (Solarize, {'threshold': 300}, r'threshold must be in \[0, 256\], got 300'),
            (RandomRotation, {'degrees': (5, -5)}, r'degrees must be \(low, high\)'),
        ],
    )
    def test_refuses_wrong_arguments(self, transform, arguments, message):
        with pytest.raises(ValueError, match=message):
            transform(**arguments)


class TestChain:
    @staticmethod
    def chain(consistent):
        small = {'RandomResizedCrop': {'size': 24}}
        return [{'type': name, 'consistent': consistent, **small.get(name, {})} for name in CHAIN]

    @pytest.mark.parametrize('seed', range(8))
    def test_consistent_keeps_equal_frames_equal(self, seed):
        view = augment([noise(40, 50)] * 5, self.chain(consistent=True), seed)
        assert all((frame == view.frames[0]).all() for frame in view.frames)
        assert all(len(rows) == 1 for drawn in view.drawn.values() for rows in drawn.values())

    @pytest.mark.parametrize('seed', range(8))
    def test_inconsistent_makes_equal_frames_differ(self, seed):
        view = augment([noise(40, 50)] * 5, self.chain(consistent=False), seed)
        assert all((frame != view.frames[0]).any() for frame in view.frames[1:])
        assert all(len(rows) == 5 for drawn in view.drawn.values() for rows in drawn.values())

    @pytest.mark.parametrize('consistent', [True, False])
    def test_draws_follow_from_the_seed_and_not_from_the_content(self, consistent):
        frames = [noise(40, 50, seed) for seed in range(3)]
        first = augment(frames, self.chain(consistent), seed=5)
        again = augment(frames, self.chain(consistent), seed=5)
        other = augment([255 - frame for frame in frames], self.chain(consistent), seed=5)
        np.testing.assert_equal(first.drawn, again.drawn)
        np.testing.assert_equal(first.frames, again.frames)
        np.testing.assert_equal(first.drawn, other.drawn)
        later = augment(frames, self.chain(consistent), seed=6)
        assert (first.drawn['ColorJitter']['hue'] != later.drawn['ColorJitter']['hue']).all()

    @pytest.mark.parametrize(
        'name', [*CHAIN, 'clip pivot', 'LabChannelDropout', 'RandomRotation', 'Solarize']
    )
    def test_frames_are_not_written_to(self, name):
        frames = [noise(40, 50, seed) for seed in range(2)]
        before = copy.deepcopy(frames)
        chain = [{'type': name}]
        if name == 'clip pivot':
            chain = [{'type': 'ColorJitter', 'contrast_pivot': 'clip'}]
        for seed in range(10):
            augment(frames, chain, seed)
        np.testing.assert_equal(frames, before)


class TestAugmentViews:
    @pytest.fixture
    def results(self):
        views = [make_view([noise(8, 8, seed)], name) for seed, name in enumerate('abc')]
        return {'views': views, 'rng': np.random.default_rng(0)}

    def test_only_the_named_views_change(self, results):
        AugmentViews([{'type': 'Resize', 'size': 4}], views=['a', 'c'])(results)
        assert [view.frames[0].shape[0] for view in results['views']] == [4, 8, 4]
        assert [list(view.drawn) for view in results['views']] == [['Resize'], [], ['Resize']]

    def test_each_view_has_its_own_draws(self, results):
        AugmentViews([{'type': 'ColorJitter'}])(results)
        assert len({view.drawn['ColorJitter']['hue'].item() for view in results['views']}) == 3

    def test_names_the_views_there_are(self, results):
        with pytest.raises(ValueError, match=r"no view \['key'\].*made \['a', 'b', 'c'\]"):
            AugmentViews([], views=['a', 'key'])(results)

    def test_needs_frames(self, results):
        results['views'][1].frames = None
        with pytest.raises(ValueError, match="'b' has no frames yet: put DecodeViews before"):
            AugmentViews([])(results)

    def test_takes_transforms_of_views_only(self):
        with pytest.raises(TypeError, match=r'got mmaction\.\S+\.FormatShape'):
            AugmentViews([{'type': 'mmaction.FormatShape', 'input_format': 'NCTHW'}])


class TestDefer:
    def test_draws_the_same_and_leaves_the_frames_alone(self):
        frames = [noise(8, 8, seed) for seed in range(3)]
        transforms = [{'type': name, 'consistent': False} for name in CHAIN[2:]]
        now = augment(frames, transforms)
        later = augment(frames, [{'type': 'Defer', 'transforms': transforms}])
        np.testing.assert_equal(later.frames, frames)
        np.testing.assert_equal(later.drawn, now.drawn)
        assert list(later.deferred) == list(CHAIN[2:])
        np.testing.assert_equal(later.deferred, now.drawn)

    def test_refuses_what_has_no_batched_form(self):
        with pytest.raises(TypeError, match='RandomFlip defines no apply_clips'):
            Defer([{'type': 'RandomFlip'}])
        with pytest.raises(TypeError, match='FormatShape defines no apply_clips'):
            Defer([{'type': 'mmaction.FormatShape', 'input_format': 'NCTHW'}])

    def test_refuses_a_class_that_is_not_registered(self):
        class Copy(Solarize):
            pass

        with pytest.raises(ValueError, match=r'Copy is not in vsslbox\.registry\.TRANSFORMS'):
            Defer([Copy()])

    def test_has_to_come_last(self):
        defer = {'type': 'Defer', 'transforms': [{'type': 'ColorJitter'}]}
        with pytest.raises(ValueError, match=r'RandomFlip comes after Defer.*ColorJitter.*query'):
            augment([noise(8, 8)], [defer, {'type': 'RandomFlip'}])

    def test_takes_each_transform_once(self):
        with pytest.raises(ValueError, match='ColorJitter is deferred twice'):
            augment([noise(8, 8)], [{'type': 'Defer', 'transforms': [{'type': 'ColorJitter'}] * 2}])
