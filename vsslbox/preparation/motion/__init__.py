"""The motion benchmark: captured human motion, rendered."""

from vsslbox.preparation.motion.capture import ACTIONS, Capture, read_capture
from vsslbox.preparation.motion.plan import RATE, SPLITS, MotionVideo, plan_videos, split_rows
from vsslbox.preparation.motion.rendering import render_video

__all__ = [
    'ACTIONS',
    'RATE',
    'SPLITS',
    'Capture',
    'MotionVideo',
    'plan_videos',
    'read_capture',
    'render_video',
    'split_rows',
]
