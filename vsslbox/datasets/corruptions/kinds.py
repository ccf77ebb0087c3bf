"""The corruptions, and their parameters at the severities 1 to 5."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from vsslbox.datasets.corruptions.blur import blur_by_defocus, blur_by_motion
from vsslbox.datasets.corruptions.camera import occlude, shake
from vsslbox.datasets.corruptions.coding import code_h264, code_mpeg4, lose_packets
from vsslbox.datasets.corruptions.light import brighten, reduce_contrast
from vsslbox.datasets.corruptions.noise import add_gaussian_noise, add_impulses, add_shot_noise
from vsslbox.datasets.corruptions.rate import hold_frames

__all__ = ['CORRUPTIONS', 'Corruption']


class Corruption(NamedTuple):
    """A corruption.

    Attributes:
        function: What it does. One of frames gets a frame, its parameter and the generators of the
            video and of the frame; one of clips gets successive frames, its parameter and the
            generator of the clip; one of times maps the numbers of frames by its parameter.
        of: What it changes.
        levels: The parameters of the severities 1 to 5.
    """

    function: Callable
    of: Literal['frames', 'clips', 'times']
    levels: tuple


# IN-C: ImageNet-C (Hendrycks and Dietterich, 2019), for frames of 224 pixels. UCF101-P: the code of
# the authors of arXiv 2207.01398. What is marked as ours was chosen by eye.
CORRUPTIONS = dict(
    # Standard deviation of values in [0, 1]: IN-C, UCF101-P.
    gaussian_noise=Corruption(add_gaussian_noise, 'frames', (0.08, 0.12, 0.18, 0.26, 0.38)),
    # Photons of a white pixel: UCF101-P.
    shot_noise=Corruption(add_shot_noise, 'frames', (250, 100, 50, 30, 15)),
    # Share of values that become 0 or 255: IN-C, UCF101-P.
    impulse_noise=Corruption(add_impulses, 'frames', (0.03, 0.06, 0.09, 0.17, 0.27)),
    # Radius and deviation along the line, in pixels: IN-C, UCF101-P.
    motion_blur=Corruption(
        blur_by_motion, 'frames', ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
    ),
    # Radius of the disk in pixels: IN-C, UCF101-P; its soft edge is ours.
    defocus_blur=Corruption(blur_by_defocus, 'frames', (3, 4, 6, 8, 10)),
    # Constant rate factor of x264: ours.
    h264=Corruption(code_h264, 'clips', (30, 35, 40, 45, 50)),
    # Quantiser of MPEG-4 part 2, of 31: ours.
    mpeg4=Corruption(code_mpeg4, 'clips', (8, 14, 20, 26, 31)),
    # Every n-th frame is kept: UCF101-P; that it is shown until the next one is ours.
    frame_rate=Corruption(hold_frames, 'times', (2, 4, 8, 16, 32)),
    # Share of the frame: ours.
    occlusion=Corruption(occlude, 'frames', (0.1, 0.2, 0.3, 0.4, 0.5)),
    # Added to the value in HSV, in [0, 1]: IN-C.
    brightness=Corruption(brighten, 'frames', (0.1, 0.2, 0.3, 0.4, 0.5)),
    # Factor of the differences from the mean: IN-C.
    contrast=Corruption(reduce_contrast, 'frames', (0.4, 0.3, 0.2, 0.1, 0.05)),
    # Range of the offset in pixels: UCF101-P; largest angle in degrees: ours.
    shake=Corruption(shake, 'frames', ((7, 1), (15, 2), (23, 3), (31, 4), (39, 5))),
    # Probability that a packet is lost or damaged: ours.
    packet_loss=Corruption(lose_packets, 'clips', (0.01, 0.03, 0.08, 0.2, 0.4)),
)
