"""The base of every augmentation of a view."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch

from vsslbox.errors import InputError
from vsslbox.structures import View

__all__ = ['Drawn', 'ViewTransform', 'check_prob']

Drawn = dict[str, np.ndarray]
"""What a transform drew: arrays by name, their first axis 1 or the number of frames."""


def check_prob(prob: float) -> float:
    """Return ``prob`` if it is a probability.

    Raises:
        InputError: It is not in [0, 1].
    """
    if not 0 <= prob <= 1:
        raise InputError(f'prob must be a number in [0, 1], got {prob!r}')
    return prob


class ViewTransform(ABC):
    """One augmentation of the frames of one view.

    Drawing is separate from applying, so that a draw can be noted, tested, and applied elsewhere. A
    subclass draws in :meth:`draw` and changes one frame in :meth:`apply_frame`; one that needs the
    whole clip at once overrides :meth:`apply`. If it draws ``on``, bool ``[n]``, the base class
    applies only the rows that are on, and passes no ``on`` to the methods below.

    A transform that keeps the size of the frames may have a second, batched form: a static or class
    method ``apply_clips(clips, **drawn)``, by which :class:`Defer` can leave it to the model's
    device. It changes float32 RGB clips ``[M, C, T, H, W]`` with values in [0, 255], which it may
    overwrite, by float32 tensors ``[M, ...]`` of what was drawn, and must not round. It runs
    without an instance, so ``draw`` returns everything that it needs, settings as constant arrays.
    Where every frame has a draw of its own, each is a clip of length 1.

    Args:
        consistent: Whether all frames of a view share one draw. Otherwise each has its own.
    """

    apply_clips: ClassVar[Callable[..., torch.Tensor] | None] = None

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
        view.frames = self.apply(view.decoded(), drawn)
        view.drawn[name] = drawn

    def draw_for(self, view: View, rng: np.random.Generator) -> Drawn:
        """Draw once for ``view``, or once for each of its frames."""
        frames = view.decoded()
        return self.draw(rng, 1 if self.consistent else len(frames), frames)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw what is random, which may depend on the size of the frames but not on their content.

        Args:
            rng: The generator of all randomness.
            num_draws: 1, or the number of frames.
            frames: ``T`` images ``[H, W, 3]``.

        Returns:
            Arrays ``[num_draws, ...]`` by name; empty if the transform is not random.
        """
        return {}

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Change the frames as drawn.

        Args:
            frames: ``T`` RGB images, uint8 ``[H, W, 3]``. Other views may share them, so they must
                not be written to.
            params: What :meth:`draw` returned, with 1 or ``T`` rows.

        Returns:
            ``T`` RGB images, uint8.
        """
        changed = []
        for number, frame in enumerate(frames):
            row: dict[str, Any] = {
                name: rows[number if len(rows) > 1 else 0] for name, rows in params.items()
            }
            changed.append(self.apply_frame(frame, **row) if row.pop('on', True) else frame)
        return changed

    @classmethod
    def apply_batch(cls, clips: torch.Tensor, params: dict[str, torch.Tensor]) -> torch.Tensor:
        """Change a batch of clips as drawn, by :meth:`apply_clips`.

        Args:
            clips: ``[N, C, T, H, W]`` RGB, values in [0, 255]; not written to.
            params: What was drawn, each parameter as float32 ``[N, 1 or T, ...]``.

        Returns:
            New float32 clips ``[N, C, T, H, W]``.
        """
        per_frame = any(values.shape[1] > 1 for values in params.values())
        units = clips.transpose(1, 2).flatten(0, 1).unsqueeze(2) if per_frame else clips
        rows = {name: values.flatten(0, 1) for name, values in params.items()}
        on = rows.pop('on', torch.ones(len(units), device=units.device)).nonzero().squeeze(1)
        changed = units.float().clone()
        if len(on):
            assert cls.apply_clips is not None  # Defer refuses such a class
            changed[on] = cls.apply_clips(
                changed[on], **{name: values[on] for name, values in rows.items()}
            )
        if not per_frame:
            return changed
        return changed.squeeze(2).unflatten(0, (len(clips), -1)).transpose(1, 2)

    def _move_boxes(self, view: View, drawn: Drawn) -> None:
        if not self.consistent:
            raise InputError(
                f'{type(self).__name__} of {view.name!r} must be consistent=True: boxes hold for '
                'all frames of a view'
            )
        height, width = view.decoded()[0].shape[:2]
        row: dict[str, Any] = {name: rows[0] for name, rows in drawn.items()}
        on = row.pop('on', True)
        moved = {
            name: self.move_boxes(boxes, (height, width), **row)
            for name, boxes in view.boxes.items()
        }
        if on:
            view.boxes = moved

    def move_boxes(
        self, boxes: np.ndarray, size: tuple[int, int], *_: Any, **drawn: Any
    ) -> np.ndarray:
        """Return where the boxes lie afterwards; override it if views may have boxes.

        Args:
            boxes: ``[n, 4]``: left, top, right, bottom in normalised coordinates of the frame.
            size: The frame's height and width in pixels, before the transform.
            drawn: One row of what was drawn.

        Returns:
            ``[n, 4]`` in normalised coordinates of the new frame, which they may leave.

        Raises:
            InputError: The transform does not define it.
        """
        raise InputError(
            f'{type(self).__name__} cannot move boxes: use Resize, RandomShortSide, RandomCrop, '
            'RandomResizedCrop, CenterCrop and RandomFlip, or define its `move_boxes`'
        )

    @abstractmethod
    def apply_frame(self, frame: np.ndarray, *_: Any, **drawn: Any) -> np.ndarray:
        """Change one frame by one row of what was drawn, which a subclass names."""
