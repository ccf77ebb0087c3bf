"""Where in the original frames the views of a sample come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from vsslbox.datasets.transforms import AugmentViews, DecodeViews, RotateViews, ViewTransform
from vsslbox.datasets.transforms.augmenting.crop_boxes import crop_boxes
from vsslbox.datasets.transforms.augmenting.fixed_crops import FixedCrops
from vsslbox.errors import InputError
from vsslbox.structures import View

__all__ = ['TracedView', 'ViewTracer']

# The whole frame, and its left half, which tells whether a frame was mirrored.
PROBES = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1]])


@dataclass
class TracedView:
    """A view and its origin.

    Attributes:
        view: The view, as the pipeline packed it.
        originals: ``T`` decoded frames, RGB, uint8 ``[H, W, 3]``.
        crops: What each frame shows of its original, ``[T, 4]``: left, top, right, bottom in
            normalised coordinates. Left is larger than right in a mirrored frame.
        unknown: The name of the step after which ``crops`` are not known; None if they are.
    """

    view: View
    originals: list[np.ndarray]
    crops: np.ndarray
    unknown: str | None = None

    def cut(self, number: int, moved: np.ndarray) -> None:
        """Note a crop or a mirroring of a frame.

        Args:
            number: The frame.
            moved: Where :data:`PROBES` lie afterwards, ``[2, 4]``.
        """
        (left, top, right, bottom), half = moved
        if half[0] + half[2] > left + right:  # the left half is now on the right
            left, right = right, left
        x0, y0, x1, y1 = self.crops[number]
        (u0, u1), (v0, v1) = (
            (-first / (last - first), (1 - first) / (last - first))
            for first, last in ((left, right), (top, bottom))
        )
        self.crops[number] = (
            *(x0 + u0 * (x1 - x0), y0 + v0 * (y1 - y0)),
            *(x0 + u1 * (x1 - x0), y0 + v1 * (y1 - y0)),
        )


class ViewTracer:
    """Follow the views of samples through a pipeline.

    The steps that it wraps do what they did. Transforms that define ``move_boxes`` say where their
    frames come from; those with a batched form, ``apply_clips``, change only what is seen there.

    Attributes:
        views: The views of the last sample.
    """

    def __init__(self) -> None:
        self.views: list[TracedView] = []

    def wrap(self, steps: Sequence[Callable]) -> list[Callable]:
        """Return the steps of a built pipeline, followed."""
        for step in steps:
            if isinstance(step, AugmentViews):
                step.transforms = [partial(self._transform, each) for each in step.transforms]
        return [partial(self._run, step) for step in steps]

    def _run(self, step: Callable, results: dict) -> dict:
        results = step(results)
        views = results.get('views')
        if isinstance(step, DecodeViews):
            self.views = [
                TracedView(v, list(v.frames), np.tile(PROBES[:1], (len(v), 1))) for v in views
            ]
        elif views and views[0].frames:
            self._follow(step, views)
        return results

    def _follow(self, step: Callable, views: list[View]) -> None:
        """Find the origins of views that a step may have replaced, each by equally many."""
        known = {id(traced.view): traced for traced in self.views}
        if all(id(view) in known for view in views):
            self.views = [known[id(view)] for view in views]
            return
        each = max(1, len(views) // len(self.views))
        self.views = [
            _derived(self.views[number // each % len(self.views)], view, step, number % each / each)
            for number, view in enumerate(views)
        ]

    def _transform(self, transform: Callable, view: View, rng: np.random.Generator) -> None:
        sizes = [frame.shape[:2] for frame in view.frames]
        transform(view, rng)
        if not isinstance(transform, ViewTransform) or transform.apply_clips is not None:
            return
        name = type(transform).__name__
        drawn = view.drawn[name]
        traced = next(traced for traced in self.views if traced.view is view)
        for number, size in enumerate(sizes):
            row = {key: rows[number if len(rows) > 1 else 0] for key, rows in drawn.items()}
            if row.pop('on', True):
                try:
                    traced.cut(number, transform.move_boxes(PROBES, size, **row))
                except InputError:
                    traced.unknown = traced.unknown or name


def _derived(source: TracedView, view: View, step: Callable, share: float) -> TracedView:
    """Return the origin of a view that a step made of another; ``share``: which of them."""
    traced = replace(source, view=view, crops=source.crops.copy())
    if isinstance(step, FixedCrops):
        for number, frame in enumerate(source.view.frames):
            height, width = frame.shape[:2]
            corners = list(step.places(height - step.size, width - step.size).values())
            corner = corners[int(share * len(corners))]
            square = (step.size, step.size)
            traced.cut(number, crop_boxes(PROBES, (height, width), corner, square))
    elif not isinstance(step, RotateViews):
        traced.unknown = traced.unknown or type(step).__name__
    return traced
