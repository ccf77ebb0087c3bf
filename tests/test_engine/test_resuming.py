"""Runs that are resumed with other settings, or from a folder in disorder."""

import copy
import hashlib
import itertools
import math
import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch.utils.data import Dataset

from tests.distributed import run_on_processes
from vsslbox.apis.command_line import build_runner
from vsslbox.checkpoints import checkpoints_in
from vsslbox.errors import InputError
from vsslbox.models.memories import FeatureQueue
from vsslbox.registry import DATASETS, HOOKS, MODELS

REPO = Path(__file__).resolve().parents[2]
VIDEOS = 24
RUNS = itertools.count()


@DATASETS.register_module()
class NumberedVideos(Dataset):
    """Videos that are only numbers."""

    def __init__(self, num_videos=VIDEOS, name='video'):
        self.num_videos = num_videos
        self.name = name

    def __len__(self):
        return self.num_videos

    def list_hash(self):
        return hashlib.sha256(f'{self.name}{self.num_videos}'.encode()).hexdigest()

    def __getitem__(self, key):
        return dict(inputs=torch.ones(2), index=key.index)


@MODELS.register_module()
class TwoWeights(BaseModel):
    """A model that trains in no time."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, inputs, index, mode='tensor'):
        return dict(loss=self.layer(inputs).square().mean())


class Stopped(Exception):
    """Ends a run."""


@HOOKS.register_module()
class WatchHook(Hook):
    """Note the epoch, the samples and the learning rate of every iteration; end the run."""

    priority = 'LOWEST'

    def __init__(self, seen, stop=None):
        self.seen = seen
        self.stop = stop

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        rate = runner.optim_wrapper.get_lr()['lr'][0]
        self.seen.append((runner.epoch, runner.iter, data_batch['index'].tolist(), rate))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.stop == runner.iter + 1:
            raise Stopped


def settings(work_dir, batch_size=4, **kwargs):
    return dict(
        model=dict(type='TwoWeights'),
        work_dir=str(work_dir),
        log_level='WARNING',
        train_dataloader=dict(
            batch_size=batch_size,
            num_workers=0,
            drop_last=True,
            sampler=dict(type='EpochSampler'),
            collate_fn=dict(type='default_collate'),
            dataset=dict(type='NumberedVideos'),
        ),
        train_cfg=dict(type='ResumableTrainLoop', max_epochs=3),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.5, momentum=0.9)),
        param_scheduler=dict(type='CosineAnnealingLR', T_max=3, convert_to_iter_based=True),
        default_hooks=dict(checkpoint=dict(by_epoch=False, interval=1, max_keep_ckpts=-1)),
        **kwargs,
    )


def train(work_dir, *changes, stop=None, **kwargs):
    """Train and return what the hook saw: (epoch, iteration, samples, learning rate)."""
    config = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    config.merge_from_dict(settings(work_dir, **kwargs))
    for change in changes:
        config.merge_from_dict(copy.deepcopy(change))  # it takes `_delete_` away
    config.experiment_name = f'run {next(RUNS)}'  # loggers are known by it
    runner, seen = build_runner(config), []
    runner.register_hook(WatchHook(seen, stop))
    try:
        runner.train()
    except Stopped:
        assert stop
    return seen


@MODELS.register_module()
class QueuedWeights(TwoWeights):
    """A model that keeps the numbers of its samples."""

    def __init__(self, size):
        super().__init__()
        self.queue = FeatureQueue(size, 1)

    def forward(self, inputs, index, mode='tensor'):
        self.queue.stage(index[:, None].float())
        self.queue.flush()
        return super().forward(inputs, index, mode)


@pytest.fixture
def told(monkeypatch):
    """What a resumed run says of the checkpoint, with single spaces."""
    texts = []
    monkeypatch.setattr(
        'vsslbox.engine.runner.resume_record.print_log',
        lambda text, *_: texts.append(' '.join(text.split())),
    )
    return texts


def samples_of(seen, epoch):
    return [index for e, _, indices, _ in seen if e == epoch for index in indices]


def cosine(iteration, length, rate=0.5):
    return rate * (1 + math.cos(math.pi * iteration / length)) / 2


@pytest.mark.parametrize('batch_size', [8, 2])
def test_another_batch_size_continues_at_the_next_epoch(tmp_path, batch_size, told):
    train(tmp_path, batch_size=4, stop=12)  # two epochs of 6
    seen = train(tmp_path, batch_size=batch_size, resume=True)
    length = VIDEOS // batch_size
    assert {epoch for epoch, *_ in seen} == {2}
    assert [iteration for _, iteration, *_ in seen] == list(range(2 * length, 3 * length))
    assert sorted(samples_of(seen, 2)) == list(range(VIDEOS))
    rates = [rate for *_, rate in seen]
    expected = [cosine(iteration, 3 * length) for iteration in range(2 * length, 3 * length)]
    assert rates == pytest.approx(expected)
    assert f'train_dataloader.batch_size 4 {batch_size} the config' in told[-1]
    assert f'iterations in an epoch 6 {length} the config' in told[-1]


def test_another_batch_size_continues_within_an_epoch_where_a_batch_ends(tmp_path, told):
    straight = train(tmp_path / 'straight')
    train(tmp_path, batch_size=4, stop=8)  # 2 of 6 batches
    seen = train(tmp_path, batch_size=8, resume=True)
    assert seen[0][1] == 4  # of 3 an epoch
    assert samples_of(seen, 1) == samples_of(straight, 1)[8:]
    assert 'starts again' not in told[-1]


def test_another_batch_size_continues_within_an_epoch_at_the_next_sample(tmp_path, told):
    order = samples_of(train(tmp_path / 'straight'), 1)
    train(tmp_path, batch_size=4, stop=7)
    seen = train(tmp_path, batch_size=8, resume=True)
    assert [(epoch, i) for epoch, i, *_ in seen] == [(1, 4), (1, 5), (2, 6), (2, 7), (2, 8)]
    assert samples_of(seen, 1) == order[4:20]  # fewer than a batch are left, which is dropped
    assert sorted(samples_of(seen, 2)) == list(range(VIDEOS))
    assert 'starts again' not in told[-1]


def test_batch_sizes_that_change_within_an_epoch_again_and_again(tmp_path):
    order = samples_of(train(tmp_path / 'straight'), 0)
    seen = train(tmp_path, batch_size=4, stop=1)
    for batch_size, stop in ((3, 3), (5, 2), (5, 3), (1, 20)):
        seen += train(tmp_path, batch_size=batch_size, stop=stop, resume=True)
    seen += train(tmp_path, batch_size=4, resume=True)
    assert samples_of(seen, 0) == order[: 4 + 3 + 5 + 5 + 3 + 4]
    assert sorted(samples_of(seen, 1)) == sorted(samples_of(seen, 2)) == list(range(VIDEOS))


def train_on_two(work_dir, kwargs):
    return train(work_dir, batch_size=2, launcher='pytorch', **kwargs)


def dealt_out(straight):
    """The samples of each of two processes: batches of 4 are dealt out in turn."""
    return [[(e, i, batch[rank::2], rate) for e, i, batch, rate in straight] for rank in (0, 1)]


@pytest.mark.slow
def test_two_processes_continue_as_one_within_an_epoch(tmp_path, told):
    straight = train(tmp_path / 'straight')
    assert run_on_processes(train_on_two, 2, tmp_path, dict(stop=8)) == [
        rank[:8] for rank in dealt_out(straight)
    ]
    assert train(tmp_path, batch_size=4, resume=True) == straight[8:]
    assert 'number of processes 2 1 the config' in told[-1]
    assert 'starts again' not in told[-1]


@pytest.mark.slow
def test_one_process_continues_as_two_within_an_epoch(tmp_path):
    straight = train(tmp_path / 'straight')
    train(tmp_path, stop=8)
    resumed = run_on_processes(train_on_two, 2, tmp_path, dict(resume=True))
    assert resumed == [rank[8:] for rank in dealt_out(straight)]


def merged(seen):
    """The samples of each epoch as the processes have dealt them out, in turn."""
    epochs = {}
    for steps in zip(*seen, strict=True):
        batches = [indices for _, _, indices, _ in steps]
        epochs.setdefault(steps[0][0], []).extend(i for group in zip(*batches) for i in group)
    return epochs


def train_on_three(work_dir, kwargs):
    return train(work_dir, batch_size=2, launcher='pytorch', **kwargs)


@pytest.mark.slow
def test_two_processes_continue_as_three_and_these_as_one_within_an_epoch(tmp_path, told):
    order = samples_of(train(tmp_path / 'straight'), 1)
    of_two = run_on_processes(train_on_two, 2, tmp_path, dict(stop=7))  # 4 of 24 samples
    assert merged(of_two)[1] == order[:4]
    of_three = run_on_processes(train_on_three, 3, tmp_path, dict(stop=7, resume=True))
    assert merged(of_three) == {1: order[4:16]}  # 2 of 3 batches of 6; the third would end at 22
    of_one = train(tmp_path, batch_size=2, resume=True)
    assert samples_of(of_one, 1) == order[16:]
    assert sorted(samples_of(of_one, 2)) == list(range(VIDEOS))
    assert 'starts again' not in told[-1]


def resume_apart(work_dir):
    """Resume on a second machine that does not see the first one's folder."""
    folder = work_dir if get_rank() == 0 else work_dir / 'elsewhere'
    with pytest.raises(InputError, match=r'begin at iterations \[8, 0\]: all machines must see'):
        train_on_two(folder, dict(resume=True))
    return True


def test_processes_that_find_other_checkpoints_are_refused(tmp_path):
    train(tmp_path, stop=8)
    assert run_on_processes(resume_apart, 2, tmp_path) == [True, True]


@pytest.mark.parametrize('changed', [dict(name='clip'), dict(num_videos=12)])
def test_another_list_restarts_an_epoch(tmp_path, changed, told):
    train(tmp_path, stop=8)
    dataset = dict(train_dataloader=dict(dataset=changed))
    seen = train(tmp_path, dataset, resume=True)
    num_videos = changed.get('num_videos', VIDEOS)
    assert seen[0][:2] == (1, num_videos // 4)
    assert sorted(samples_of(seen, 1)) == list(range(num_videos))
    assert 'its first 8 samples are seen twice' in told[-1]
    assert 'train_dataloader.dataset (SHA-256 of the list)' in told[-1]


@pytest.mark.parametrize('size', [4, 16])
def test_a_queue_follows_the_videos_and_the_batch(tmp_path, size, capfd):
    """As ``fit_to_data`` sets its size for a small folder."""
    seen = train(tmp_path, dict(model=dict(type='QueuedWeights', size=8)), stop=3)
    keys = [float(index) for _, _, indices, _ in seen for index in indices]
    saved = torch.load(tmp_path / 'iter_3.pth', weights_only=True)['state_dict']
    assert sorted(saved['queue.features'].flatten().tolist()) == sorted(keys[-8:])
    found = []

    class LookHook(Hook):
        def before_train(self, runner):
            found.extend(runner.model.queue.features.flatten().tolist())

    HOOKS.register_module(name='LookHook', force=True, module=LookHook)
    model = dict(type='QueuedWeights', size=size)
    hook = dict(type='LookHook')
    train(tmp_path, dict(model=model, custom_hooks=[hook]), resume=True, stop=4)
    assert found[:8] == keys[-min(size, 8) :]
    assert f'queue holds {size} keys, that of the checkpoint 8' in ''.join(capfd.readouterr())


def test_the_seed_of_the_checkpoint_holds_for_the_order_of_the_samples(tmp_path, told):
    straight = train(tmp_path / 'straight')
    train(tmp_path, stop=8)
    seen = train(tmp_path, dict(randomness=dict(seed=5)), resume=True)
    assert seen == straight[8:]
    assert "randomness.seed 0 5 the checkpoint's" in told[-1]


@pytest.mark.slow
@pytest.mark.parametrize('stop', [8, 18])
@pytest.mark.parametrize('by_epoch', [True, False])
def test_a_longer_schedule_holds(tmp_path, stop, by_epoch, told):
    longer = dict(
        train_cfg=dict(max_epochs=6),
        param_scheduler=dict(T_max=6, convert_to_iter_based=not by_epoch),
    )
    shorter = dict(param_scheduler=dict(convert_to_iter_based=not by_epoch))
    straight = train(tmp_path / 'straight', longer)
    train(tmp_path, shorter, stop=stop)
    seen = train(tmp_path, longer, resume=True)
    assert seen == straight[stop:]
    length = 6 if by_epoch else 36
    for epoch, iteration, _, rate in seen:
        assert rate == pytest.approx(cosine(epoch if by_epoch else iteration, length))
    assert "param_scheduler.T_max 3 6 the config's" in told[-1]
    assert "train_cfg.max_epochs 3 6 the config's" in told[-1]
    rate = cosine((stop - 1) // 6 if by_epoch else stop, length)  # no epoch ends before its hooks
    assert told[-1].endswith(f'learning rate {rate:.6g}')


def test_a_schedule_that_was_added_or_removed_holds(tmp_path):
    none = dict(param_scheduler=dict(type='ConstantLR', factor=1.0, _delete_=True))
    train(tmp_path / 'added', none, stop=8)
    assert train(tmp_path / 'added', resume=True)[0][3] == pytest.approx(cosine(8, 18))
    train(tmp_path / 'removed', stop=8)
    seen = train(tmp_path / 'removed', none, resume=True)
    assert {rate for *_, rate in seen} == {0.5}


def test_schedules_whose_values_cannot_be_computed_again_are_refused(tmp_path):
    cycle = dict(type='OneCycleLR', eta_max=0.5, total_steps=3, _delete_=True)
    train(tmp_path, stop=8)
    with pytest.raises(InputError, match='OneCycleLR cannot continue with another'):
        train(tmp_path, dict(param_scheduler=cycle), resume=True)


def test_settings_of_the_optimizer_that_the_checkpoint_overrules_are_told(tmp_path, told):
    straight = train(tmp_path / 'straight')
    train(tmp_path, stop=8)
    other = dict(optim_wrapper=dict(optimizer=dict(lr=0.1, momentum=0.5, weight_decay=1.0)))
    assert train(tmp_path, other, stop=10, resume=True) == straight[8:10]
    for line in ('lr 0.5 0.1', 'momentum 0.9 0.5', 'weight_decay 0 1.0'):
        assert f"optim_wrapper.optimizer.{line} the checkpoint's" in told[-1]
    assert train(tmp_path, other, resume=True) == straight[10:]
    assert "optimizer.lr 0.5 0.1 the checkpoint's" in told[-1]  # told again


def test_another_optimizer_is_refused(tmp_path):
    train(tmp_path, stop=8)
    adam = dict(optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1, _delete_=True)))
    with pytest.raises(InputError, match=r"has the state of SGD, .*type` is Adam: set it to 'SGD'"):
        train(tmp_path, adam, resume=True)
    groups = dict(optim_wrapper=dict(paramwise_cfg=dict(bias_lr_mult=2.0)))
    with pytest.raises(InputError, match=r'2 parameters in 1 groups, the config.s 2 in 2'):
        train(tmp_path, groups, resume=True)


def test_unchanged_settings_are_not_told(tmp_path, told):
    straight = train(tmp_path / 'straight')
    train(tmp_path, stop=8)
    assert train(tmp_path, resume=True) == straight[8:]
    assert not told
    assert not train(tmp_path, resume=True)
    assert 'All 3 epochs of `train_cfg.max_epochs` are done' in told[-1]


def test_the_furthest_checkpoint_is_taken_whatever_the_times(tmp_path):
    train(tmp_path / 'run', stop=12)
    copy = tmp_path / 'copy'
    copy.mkdir()
    for number in (12, 9, 10):  # 9 is the last as text
        shutil.copy(tmp_path / f'run/iter_{number}.pth', copy)
        os.utime(copy / f'iter_{number}.pth', (100 - number, 100 - number))
    assert [path.name for path in checkpoints_in(copy)] == [f'iter_{n}.pth' for n in (12, 10, 9)]
    (copy / 'iter_12.pth').rename(copy / 'kept.pth')  # files say themselves how far they are
    torch.save(dict(state_dict={}), copy / 'weights.pth')  # not of a training
    assert [path.name for path in checkpoints_in(copy)] == ['kept.pth', 'iter_10.pth', 'iter_9.pth']
    assert train(copy, resume=True)[0][1] == 12


def test_a_new_training_is_not_resumed_from_an_earlier_one(tmp_path, capfd):
    """Without `--resume` it starts anew, and later `--resume` means what started last."""
    train(tmp_path, stop=12)
    straight = train(tmp_path, dict(randomness=dict(seed=3)), stop=3)
    said = capfd.readouterr().out
    assert 'has checkpoints of an earlier training, such as iter_12.pth' in said
    assert checkpoints_in(tmp_path)[0].name == 'iter_3.pth'
    assert (tmp_path / 'iter_12.pth').exists()
    seen = train(tmp_path, dict(randomness=dict(seed=3)), stop=5, resume=True)
    assert seen[0][1] == 3
    assert not {iteration for _, iteration, *_ in straight} & {i for _, i, *_ in seen}
    assert checkpoints_in(tmp_path)[0].name == 'iter_5.pth'  # a resumed training is the same
    earlier = str(tmp_path / 'iter_12.pth')
    assert train(tmp_path, stop=13, resume=True, load_from=earlier)[0][1] == 12
    assert train(tmp_path, stop=15, resume=True)[0][1] == 13


def test_a_new_training_without_a_checkpoint_is_not_resumed_from_an_earlier_one(tmp_path, capfd):
    train(tmp_path, stop=12)
    train(tmp_path, dict(default_hooks=dict(checkpoint=dict(interval=50))), stop=3)
    assert train(tmp_path, stop=1, resume=True)[0][1] == 0
    assert 'no checkpoint of the training that started at 20' in capfd.readouterr().out


def test_fewer_iterations_with_a_larger_batch_are_further(tmp_path):
    train(tmp_path, batch_size=4, stop=12)
    train(tmp_path, batch_size=8, stop=7, resume=True)  # 2 1/3 epochs
    assert checkpoints_in(tmp_path)[0].name == 'iter_7.pth'


def test_unreadable_checkpoints_alone_are_an_error(tmp_path):
    train(tmp_path, stop=2)
    (tmp_path / 'iter_1.pth').write_bytes(b'torn')
    torch.save(dict(state_dict=dict(weight=torch.ones(1))), tmp_path / 'iter_2.pth')
    with pytest.raises(InputError, match=r'no checkpoint in .* can be resumed') as refused:
        train(tmp_path, resume=True)
    assert 'iter_1.pth is damaged' in str(refused.value)
    assert 'iter_2.pth has weights but no state of a training' in str(refused.value)


def test_a_checkpoint_of_another_runner_is_resumed_with_a_warning(tmp_path, told):
    straight = train(tmp_path / 'straight')
    train(tmp_path, stop=8)
    path = checkpoints_in(tmp_path)[0]
    checkpoint = torch.load(path, weights_only=True)
    del checkpoint['meta']['run']
    torch.save(checkpoint, path)
    assert train(tmp_path, resume=True, load_from=str(path)) == straight[8:]
    assert 'does not tell of which list, batch size and schedule' in told[-1]
