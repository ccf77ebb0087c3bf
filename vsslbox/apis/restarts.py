"""Trainings that torchrun starts again after a process has died."""

import os
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from vsslbox.checkpoints import checkpoints_in

__all__ = ['resume_if_restarted']


def resume_if_restarted(config: Config) -> None:
    """Let a training that torchrun has started again go on where its first attempt ended.

    If the work directory has a checkpoint that was written since the launch, training resumes from
    the furthest one; otherwise it begins as at first. ``tools/launch.py`` sets the time.
    """
    restarts = int(os.environ.get('TORCHELASTIC_RESTART_COUNT', 0))
    launched = float(os.environ.get('VSSLBOX_LAUNCHED', 'inf'))
    folder = Path(config.work_dir)
    if not restarts:
        return
    is_new = any(path.stat().st_mtime >= launched for path in checkpoints_in(folder))
    if is_new:
        config.resume, config.load_from = True, None
    how = 'resumes from its last checkpoint' if is_new else 'has no checkpoint yet and begins again'
    print_log(f'restart {restarts}: the training {how}')
