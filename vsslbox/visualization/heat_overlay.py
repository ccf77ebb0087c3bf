"""Heat drawn over frames."""

import cv2
import numpy as np

__all__ = ['heat_overlay']

OPACITY = 0.6  # of the hottest place


def heat_overlay(frames: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Draw heat over frames, from blue to red; where there is none, a frame stays as it is.

    Args:
        frames: RGB, uint8 ``[T, H, W, 3]``.
        heat: ``[T, H, W]``, in [0, 1].

    Returns:
        RGB, uint8 ``[T, H, W, 3]``.
    """
    colours = [
        cv2.applyColorMap((255 * h).round().astype(np.uint8), cv2.COLORMAP_JET) for h in heat
    ]
    rgb = np.stack(colours)[..., ::-1]
    share = OPACITY * heat[..., None]
    return (frames * (1 - share) + rgb * share).round().astype(np.uint8)
