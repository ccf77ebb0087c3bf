"""The samples of a pipeline of vsslbox, made by mmaction2's stock transforms."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from mmaction.datasets import transforms as stock
from mmcv.transforms import BaseTransform, Compose, RandomApply
from torch.utils.data import Dataset

from vsslbox.datasets.transforms.steps import Steps, list_steps
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import SampleKey

__all__ = ['StockDataset']


class StockDataset(Dataset):
    """The same frames and augmentations as a pipeline of vsslbox, with each view read separately.

    Each view is decoded by decord with one thread and its own reader, as mmaction2 does for every
    clip. The frames come from vsslbox's sampler, so that both read the same ones.

    Args:
        filenames: The videos.
        pipeline: The configs of vsslbox's pipeline, as a list or by name.

    Raises:
        InputError: mmaction2 has no transform like one of the pipeline.
    """

    def __init__(self, filenames: Sequence[str], pipeline: Steps) -> None:
        self.filenames = filenames
        self.open = stock.DecordInit(num_threads=1)
        self.decode = stock.DecordDecode()
        steps = list_steps(pipeline)
        self.samplers = [
            TRANSFORMS.build(step) for step in steps if step['type'].startswith('Sample')
        ]
        self.augmentations = [
            (step.get('views'), Compose([_to_stock(t) for t in _flat(step['transforms'])]))
            for step in steps
            if step['type'] == 'AugmentViews'
        ]
        self.pack = Compose([stock.FormatShape('NCTHW'), stock.PackActionInputs()])

    def __len__(self) -> int:
        return len(self.filenames)

    def __getitem__(self, key: SampleKey) -> list[dict]:
        opened = self.open(dict(filename=self.filenames[key.index], modality='RGB', start_index=0))
        sampled = dict(opened, rng=key.rng())
        for sampler in self.samplers:
            sampled = sampler(sampled)
        return [
            self._read(self._opened_again(opened, number), view)
            for number, view in enumerate(sampled['views'])
        ]

    def _opened_again(self, opened: dict, number: int) -> dict:
        """Return a new reader; the first view uses the one that counted the frames."""
        if number == 0:
            return opened
        return self.open(dict(filename=opened['filename'], modality='RGB', start_index=0))

    def _read(self, results: dict, view) -> dict:
        results.update(frame_inds=view.frame_indices, num_clips=1, clip_len=len(view), label=0)
        results = self.decode(results)
        for names, augment in self.augmentations:
            if names is None or view.name in names:
                results = augment(results)
        return self.pack(results)


class Frames(BaseTransform):
    """A transform that mmaction2 lacks, as its users write it: a loop over the frames."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self.function = function

    def transform(self, results: dict) -> dict:
        results['imgs'] = [self.function(image) for image in results['imgs']]
        return results


class Blur(BaseTransform):
    """A blur of random width, the same for all frames."""

    def __init__(self, sigma: Sequence[float], kernel_size: int | None) -> None:
        self.sigma = sigma
        self.kernel_size = kernel_size

    def transform(self, results: dict) -> dict:
        sigma = np.random.uniform(*self.sigma)
        taps = self.kernel_size or 2 * int(np.ceil(3 * sigma)) + 1
        results['imgs'] = [cv2.GaussianBlur(x, (taps, taps), sigma) for x in results['imgs']]
        return results


class Jitter(stock.ColorJitter):
    """The stock transform, whose hue shift fails with NumPy 2 if it is negative."""

    @staticmethod
    def adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
        """Shift the hue as the stock method does, with a remainder that fits an unsigned byte."""
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + int(factor * 255) % 180) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


def _flat(transforms: Steps) -> list[dict]:
    """List all transforms, also those inside `Defer`."""
    flat = [_flat(t['transforms']) if t['type'] == 'Defer' else [t] for t in list_steps(transforms)]
    return [dict(t) for group in flat for t in group]


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def _resized_crop(t: dict) -> BaseTransform:
    size = (t['size'], t['size'])
    crop = stock.RandomResizedCrop(t.get('area', (0.2, 1.0)), t.get('ratio', (3 / 4, 4 / 3)))
    return Compose([crop, stock.Resize(size, keep_ratio=False)])


def _short_side(t: dict) -> BaseTransform:
    # mmaction2 draws no size; the middle of the range costs what the range does on average.
    return stock.Resize((-1, (t['low'] + t['high']) // 2))


def _jitter(t: dict) -> BaseTransform:
    strengths = {name: t[name] for name in ('brightness', 'contrast', 'saturation', 'hue')}
    return RandomApply([Jitter(**strengths)], prob=t['prob'])


TO_STOCK = {
    'DistortedBoxCrop': _resized_crop,
    'RandomResizedCrop': _resized_crop,
    'RandomShortSide': _short_side,
    'RandomCrop': lambda t: stock.RandomCrop(t['size']),
    'RandomFlip': lambda t: stock.Flip(flip_ratio=t['prob']),
    'ColorJitter': _jitter,
    'TensorFlowColorJitter': _jitter,  # the same changes by another arithmetic
    'RandomGrayscale': lambda t: RandomApply([Frames(_grey)], prob=t['prob']),
    'GaussianBlur': lambda t: RandomApply([Blur(t['sigma'], t.get('kernel_size'))], prob=t['prob']),
    'Solarize': lambda t: RandomApply(
        [Frames(lambda x: np.where(x < t['threshold'], x, 255 - x))], prob=t['prob']
    ),
}


def _to_stock(transform: dict) -> BaseTransform:
    kind = transform['type']
    if kind not in TO_STOCK:
        raise InputError(f'no stock transform for {kind}; there is one for {", ".join(TO_STOCK)}')
    return TO_STOCK[kind](transform)
