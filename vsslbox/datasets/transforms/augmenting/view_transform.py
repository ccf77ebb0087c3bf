"""What every augmentation of a view has in common."""

from abc import ABC, abstractmethod

import numpy as np

from vsslbox.errors import InputError
from vsslbox.structures import View

__all__ = ['Drawn', 'ViewTransform', 'check_prob']

Drawn = dict[str, np.ndarray]
"""What a transform drew: arrays by name, their first axis 1 or the number of frames."""


def check_prob(prob: float) -> float:
    """Return ``prob``, or say that it isn't a probability."""
    if not 0 <= prob <= 1:
        raise InputError(f'prob must be a number in [0, 1], got {prob!r}')
    return prob


class ViewTransform(ABC):
    """One augmentation of the frames of one view.

    Drawing is kept apart from applying: what was drawn can be noted, tested, and applied elsewhere
    (see :class:`Defer`). A subclass draws in :meth:`draw` and changes one frame in
    :meth:`apply_frame`; one that needs the whole clip at once overrides :meth:`apply`.

    Args:
        consistent: Whether all frames of a view share one draw. Otherwise each has its own.

    Attributes:
        photometric: Whether the model's data preprocessor can apply the transform on its own
            device. So it is for changes of colour, and for whatever else keeps the size of the
            frames.
    """

    photometric = False

    def __init__(self, consistent: bool = True) -> None:
        self.consistent = consistent

    def __call__(self, view: View, rng: np.random.Generator) -> None:
        """Draw, replace frames and boxes of ``view``, and note the draw in ``view.drawn``."""
        name = type(self).__name__
        if view.deferred:
            raise InputError(
                f'{name} comes after Defer, whose transforms ({", ".join(view.deferred)}) are '
                f'applied last of all: move Defer to the end of the transforms of {view.name!r}'
            )
        drawn = self.draw_for(view, rng)
        if view.boxes:
            self._move_boxes(view, drawn)
        view.frames = self.apply(view.frames, drawn)
        view.drawn[name] = drawn

    def draw_for(self, view: View, rng: np.random.Generator) -> Drawn:
        """Draw as often as ``view`` needs: once, or once a frame."""
        num_draws = 1 if self.consistent else len(view.frames)
        return self.draw(rng, num_draws, view.frames)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw what is random, which may depend on the size of the frames but not on their content.

        Args:
            rng: Where all randomness comes from.
            num_draws: 1, or the number of frames.
            frames: ``T`` images ``[H, W, 3]``.

        Returns:
            Arrays ``[num_draws, ...]`` by name; nothing where a transform isn't random.
        """
        return {}

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Change the frames as drawn.

        Args:
            frames: ``T`` RGB images, uint8 ``[H, W, 3]``. They may belong to other views too and
                are never written to.
            params: What :meth:`draw` returned, with 1 or ``T`` rows.

        Returns:
            ``T`` RGB images, uint8.
        """
        changed = []
        for number, frame in enumerate(frames):
            row = {name: rows[number if len(rows) > 1 else 0] for name, rows in params.items()}
            changed.append(self.apply_frame(frame, **row))
        return changed

    def _move_boxes(self, view: View, drawn: Drawn) -> None:
        if not self.consistent:
            raise InputError(
                f'{type(self).__name__} of {view.name!r} must be consistent=True: boxes hold for '
                'all frames of a view'
            )
        size, row = view.frames[0].shape[:2], {name: rows[0] for name, rows in drawn.items()}
        view.boxes = {name: self.move_boxes(b, size, **row) for name, b in view.boxes.items()}

    def move_boxes(
        self, boxes: np.ndarray, size: tuple[int, int], **drawn: np.ndarray
    ) -> np.ndarray:
        """Say where boxes come to lie; a transform that is used where there are boxes overrides it.

        Args:
            boxes: ``[n, 4]``: left, top, right, bottom as shares of the frame's width and height.
            size: The frame's height and width in pixels, before the transform.
            drawn: One row of what was drawn.

        Returns:
            ``[n, 4]`` as shares of the new frame, which they may leave.

        Raises:
            InputError: The transform doesn't say it.
        """
        raise InputError(
            f'{type(self).__name__} can not move boxes: use Resize, RandomShortSide, RandomCrop, '
            'CenterCrop and RandomFlip, or define its `move_boxes`'
        )

    @abstractmethod
    def apply_frame(self, frame: np.ndarray, **drawn: np.ndarray) -> np.ndarray:
        """Change one frame by one row of what was drawn."""
