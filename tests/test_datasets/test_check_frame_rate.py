"""A config that counts frames tells once of videos with another rate."""

import logging

import pytest
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from vsslbox.datasets import VideoDataset
from vsslbox.datasets.transforms import CheckFrameRate
from vsslbox.datasets.transforms.reading import check_frame_rate


@pytest.fixture
def warnings(monkeypatch):
    """Collect the messages, as if nothing had been told before."""
    monkeypatch.setattr(check_frame_rate._told, 'value', False)
    messages = []
    monkeypatch.setattr(
        check_frame_rate, 'print_log', lambda text, logger, level: messages.append((text, level))
    )
    return messages


def check(found, expected=25):
    reader = type('Reader', (), dict(path=f'at{found:g}.mp4'))
    results = dict(fps=found, reader=reader)
    assert CheckFrameRate(expected)(dict(results)) == results


def test_the_first_video_of_another_rate_is_named_with_its_rate(warnings):
    check(29.97)
    check(15)
    ((message, level),) = warnings
    assert level == logging.WARNING
    assert message.startswith('at29.97.mp4 has 29.97 frames per second')
    assert 'tools/data/resize_videos.py --fps 25`' in message


@pytest.mark.parametrize('found', [25, 24.95, 25.4, 0])  # 0: not known
def test_the_right_rate_and_an_unknown_one_pass(warnings, found):
    check(found)
    assert not warnings


@pytest.mark.parametrize('found', [24, 23.976, 30, 12.5])
def test_other_rates_are_told(warnings, found):
    check(found)
    assert len(warnings) == 1


def test_all_workers_tell_once(video_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(check_frame_rate._told, 'value', False)
    log = tmp_path / 'train.log'
    logger = MMLogger.get_instance('frame_rates', log_file=str(log))
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='CheckFrameRate', fps=25),
        dict(type='SampleRandomClip', clip_len=1),
        dict(type='DecodeViews'),
        dict(type='PackViews'),
    ]
    dataset = VideoDataset(pipeline=pipeline, data_root=str(video_folder))
    loader = DataLoader(dataset, 2, num_workers=2, collate_fn=len, multiprocessing_context='fork')
    assert list(loader) == [2] * 4
    for handler in logger.handlers:
        handler.flush()
    assert log.read_text().count('has 24 frames per second') == 1
    assert str(video_folder) in log.read_text()


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='fps of CheckFrameRate must be above 0, got 0'):
        CheckFrameRate(0)
