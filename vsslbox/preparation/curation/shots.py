"""Shots: what lies between two cuts of a video."""

from itertools import pairwise
from typing import NamedTuple

from vsslbox.preparation.video_frames import VideoFrames
from vsslbox.utils import optional_module

__all__ = ['ShotSettings', 'find_shots']

SIDE = 256  # pixels of the shorter side that the detector sees


class ShotSettings(NamedTuple):
    """How cuts are found; the defaults are PySceneDetect's.

    Attributes:
        detector: ``adaptive`` or ``content``: a change of colour that is large relative to the
            frames around it, or large in itself.
        threshold: The least ratio, or the least change; None for 3.0 and 27.0.
        window: The frames on either side that the adaptive detector compares with.
        min_content: The least change that the adaptive detector takes for a cut.
    """

    detector: str = 'adaptive'
    threshold: float | None = None
    window: int = 2
    min_content: float = 15.0


def find_shots(path: str, settings: ShotSettings) -> list[tuple[float, float]]:
    """Return the start and the end of each shot of a video, in seconds from its first frame.

    The shots follow each other without gaps, from 0 to the end of the last frame; a video without
    cuts is one shot.

    Source: PySceneDetect, https://www.scenedetect.com.

    Args:
        path: The video.
        settings: How cuts are found.

    Raises:
        VideoError: The video cannot be decoded to its end.
        ImportError: PySceneDetect is not installed.
    """
    detector = _detector(settings)
    common = optional_module('scenedetect.common', 'curation')
    times: list[float] = []
    cuts: list[int] = []
    with VideoFrames(path) as video:
        for time, frame in video.timed():
            scale = min(1, SIDE / min(frame.width, frame.height))
            size = dict(width=round(frame.width * scale), height=round(frame.height * scale))
            image = frame.reformat(**size, format='bgr24', threads=1).to_ndarray()
            # Numbers of frames at one frame a second: the detector needs no times of its own.
            found = detector.process_frame(common.FrameTimecode(len(times), 1.0), image)
            cuts += [cut.frame_num for cut in found]
            times.append(float(time))
        end = times[-1] + float(1 / video.rate)
    edges = [0.0, *(times[cut] for cut in sorted(set(cuts)) if cut), end]
    return list(pairwise(edges))


def _detector(settings: ShotSettings) -> 'scenedetect.SceneDetector':  # noqa: F821
    detectors = optional_module('scenedetect.detectors', 'curation')
    if settings.detector == 'content':
        return detectors.ContentDetector(threshold=settings.threshold or 27.0, min_scene_len=0)
    return detectors.AdaptiveDetector(
        adaptive_threshold=settings.threshold or 3.0,
        min_scene_len=0,
        window_width=settings.window,
        min_content_val=settings.min_content,
    )
