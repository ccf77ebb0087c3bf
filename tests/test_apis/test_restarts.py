"""Trainings that torchrun has started again."""

import os

import pytest
import torch
from mmengine.config import Config

from vsslbox.apis.restarts import resume_if_restarted
from vsslbox.checkpoints.starts import STARTED, mark_start


def write(folder, name, written, started='now', epoch=1):
    meta = {'epoch': epoch, 'iter': 4 * epoch, STARTED: started}
    torch.save(dict(meta=meta, message_hub={}, state_dict={}), folder / name)
    os.utime(folder / name, (written, written))


@pytest.mark.parametrize(
    ('restarts', 'written', 'started', 'resumes'),
    [
        ('0', 1010, 'now', False),  # the first attempt
        ('1', 1010, 'now', True),
        ('1', 990, 'now', False),  # what --resume PATH went on from
        ('1', 1010, 'long ago', False),  # of an earlier training in this folder
    ],
)
def test_a_restart_resumes_what_its_launch_has_written(
    tmp_path, monkeypatch, restarts, written, started, resumes
):
    monkeypatch.setenv('TORCHELASTIC_RESTART_COUNT', restarts)
    monkeypatch.setenv('VSSLBOX_LAUNCHED', '1000.0')
    mark_start(tmp_path, 'now')
    write(tmp_path, 'epoch_1.pth', written, started)
    config = Config(dict(work_dir=str(tmp_path), resume=False, load_from='start.pth'))
    resume_if_restarted(config)
    assert config.resume == resumes
    assert config.load_from == (None if resumes else 'start.pth')


def test_without_a_launcher_nothing_changes(tmp_path, monkeypatch):
    monkeypatch.delenv('TORCHELASTIC_RESTART_COUNT', raising=False)
    config = Config(dict(work_dir=str(tmp_path / 'none'), resume=True, load_from=None))
    resume_if_restarted(config)
    assert config.resume and config.load_from is None
