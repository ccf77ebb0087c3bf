"""A view: frames of one video, from the sampler to the batch."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ['View']


@dataclass
class View:
    """The frames of one video that the model sees as one clip.

    A sampler creates it with the frame indices alone, decoding adds the frames, and every
    augmentation replaces them and records what it drew.

    Args:
        name: The view's role in the method (``'anchor'``, ``'positive'``, ``'query'``, ...).
            Augmentations select views by this name.
        frame_indices: The indices of the frames in the video, ``[T]``, integers from 0, in the
            order in which the model sees them. Frames may repeat.
        frames: ``T`` RGB images, uint8 ``[H, W, 3]``, once decoded.
        drawn: What each augmentation drew, by the name of its class. Every entry is a dict of
            arrays whose first axis is 1 (one draw for the clip) or ``T`` (one draw a frame).
        deferred: The part of ``drawn`` that the model's data preprocessor has yet to apply, in
            order of application.
        boxes: Named boxes of objects, ``[n, 4]``: left, top, right, bottom as fractions of the
            frames' width and height, at the middle frame. Every augmentation moves them with the
            frames.
    """

    name: str
    frame_indices: np.ndarray
    frames: list[np.ndarray] | None = None
    drawn: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    deferred: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    boxes: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frame_indices = np.asarray(self.frame_indices)
        if self.frame_indices.ndim != 1 or self.frame_indices.dtype.kind not in 'iu':
            raise ValueError(
                f'frame_indices of view {self.name!r} must be integers of shape [T], got '
                f'{self.frame_indices.dtype} of shape {list(self.frame_indices.shape)}'
            )

    def decoded(self) -> list[np.ndarray]:
        """Return the frames.

        Raises:
            ValueError: They are not decoded yet.
        """
        if self.frames is None:
            raise ValueError(f'the frames of view {self.name!r} are not decoded yet')
        return self.frames

    def __len__(self) -> int:
        return len(self.frame_indices)
