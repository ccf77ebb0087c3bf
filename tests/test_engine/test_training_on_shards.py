"""A training on shards is that on files, bit for bit, also when it is resumed within an epoch."""

import pytest
import torch
from mmengine.hooks import Hook

from tests.shards import pack
from tests.training import DEMOS, assert_same_end, demo_config
from vsslbox.apis.command_line import build_runner

pytest.importorskip('pyarrow')


class Stopped(Exception):
    """Ends a run."""


class LossesHook(Hook):
    """Note the losses; end the run after some iteration."""

    def __init__(self, losses, stop):
        self.losses = losses
        self.stop = stop

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append({name: value.item() for name, value in outputs.items()})
        if runner.iter + 1 == self.stop:
            raise Stopped


def train(config, stop=None):
    """Train and return the losses of all iterations."""
    runner, losses = build_runner(config), []
    runner.register_hook(LossesHook(losses, stop), 'LOWEST')
    try:
        runner.train()
    except Stopped:
        assert stop
    return losses


def compare(method, videos, folder):
    """Train on files, and on shards with stops within the second and the third of four epochs.

    What is trained on shards begins on files.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    assert pack(videos, folder / 'shards', '--size', '50KB') == 0
    shards = dict(
        train_dataloader__dataset__type='ShardDataset',
        train_dataloader__dataset__data_root=str(folder / 'shards'),
    )
    expected = train(demo_config(method, videos, folder / 'on_files'))
    losses = train(demo_config(method, videos, folder / 'on_shards'), stop=3)
    for stop in (5, None):
        config = demo_config(method, videos, folder / 'on_shards', resume=True, **shards)
        losses += train(config, stop)
    torch.set_num_threads(threads)
    assert len(expected) == 8
    assert losses == expected
    assert_same_end(folder / 'on_shards', folder / 'on_files')


@pytest.mark.slow
def test_shards_train_as_files_do(tmp_path, video_folder):
    compare('cvrl', video_folder, tmp_path)


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('method', [method for method in DEMOS if method != 'cvrl'])
def test_shards_train_every_method_as_files_do(method, tmp_path, video_folder):
    compare(method, video_folder, tmp_path)
