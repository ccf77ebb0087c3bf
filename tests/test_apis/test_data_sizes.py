"""Sizes that follow from the videos and the machine."""

import os

import pytest
from mmengine.config import Config

from tests.conftest import REPO
from vsslbox.apis import data_sizes
from vsslbox.apis.data_sizes import fit_to_data

DEMO = REPO / 'configs' / 'demo'


@pytest.fixture
def folder(tmp_path):
    for number in range(100):
        (tmp_path / f'{number:03}.mp4').touch()  # only listed
    return tmp_path


def config_on(name, folder, ann_file=''):
    config = Config.fromfile(DEMO / name)
    config.train_dataloader.dataset.update(data_root=str(folder), ann_file=ann_file)
    return config


@pytest.mark.slow
def test_a_bank_gets_a_row_for_each_video(folder):
    config = config_on('vie-3dresnet_r18w16_1xb32-8x3-64px.py', folder)
    fit_to_data(config)
    assert config.model.bank.num_videos == 100
    (folder / 'list.csv').write_text('path\n' + '\n'.join(f'{n:03}.mp4' for n in range(70)))
    config = config_on('vie-3dresnet_r18w16_1xb32-8x3-64px.py', folder, 'list.csv')
    fit_to_data(config)
    assert config.model.bank.num_videos == 70


@pytest.mark.slow
def test_a_queue_holds_no_more_keys_than_a_folder_has_videos(folder):
    name = 'vclr_r18w16_1xb32-3seg-64px.py'
    config = config_on(name, folder)
    config.train_dataloader.batch_size = 8
    assert config.model.inter.queue.size > 100
    fit_to_data(config)
    assert config.model.inter.queue.size == 100
    # The three keys of each of 32 videos are staged before they enter the queue.
    config = config_on(name, folder)
    fit_to_data(config)
    assert config.model.inter.queue.size == 128


def test_a_recipe_with_a_list_keeps_its_queue(folder):
    (folder / 'list.csv').write_text('path\n000.mp4\n001.mp4\n')
    config = config_on('vclr_r18w16_1xb32-3seg-64px.py', folder, 'list.csv')
    before = config.model.inter.queue.size
    fit_to_data(config)
    assert config.model.inter.queue.size == before


@pytest.mark.parametrize(('processes', 'expected'), [('1', 4), ('2', 2), ('8', 1)])
def test_a_process_has_no_more_workers_than_cores(folder, monkeypatch, processes, expected):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda process: range(4))
    monkeypatch.setenv('LOCAL_WORLD_SIZE', processes)
    config = config_on('cvrl_r3d18w16_1xb32-8x3-64px.py', folder)
    config.train_dataloader.num_workers = 12
    told = []
    monkeypatch.setattr(data_sizes, 'print_log', lambda message, logger: told.append(message))
    fit_to_data(config)
    assert config.train_dataloader.num_workers == expected
    assert told == [
        f'train_dataloader.num_workers is {expected} instead of 12: this process has no more cores'
    ]
