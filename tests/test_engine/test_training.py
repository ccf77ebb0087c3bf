"""Training runs that are stopped, broken and resumed."""

import re
from pathlib import Path

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM, TinyViews, tiny_vclr_cfg
from tests.training import assert_same
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.finite_losses import NonFiniteGradientError, NonFiniteLossError
from vsslbox.registry import DATASETS, HOOKS

BATCH_NORM = dict(type='BN', requires_grad=True)
REPO = Path(__file__).resolve().parents[2]


class Killed(Exception):
    """Stands for whatever ends a run at an arbitrary moment."""


@HOOKS.register_module()
class KillHook(Hook):
    """Die after the given iteration."""

    priority = 'LOWEST'

    def __init__(self, after_iter):
        self.after_iter = after_iter

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == self.after_iter:
            raise Killed


@HOOKS.register_module()
class PoisonHook(Hook):
    """Make the weights infinite at the given iteration."""

    def __init__(self, at_iter):
        self.at_iter = at_iter

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.at_iter:
            model = getattr(runner.model, 'module', runner.model)
            model.backbone.conv1.conv.weight.data.fill_(torch.inf)


@HOOKS.register_module()
class PoisonGradientHook(Hook):
    """Give a layer gradients that are not finite, at one iteration."""

    def __init__(self, at_iter, value):
        self.at_iter = at_iter
        self.value = value

    def before_train(self, runner):
        model = getattr(runner.model, 'module', runner.model)
        weight = model.backbone.conv1.conv.weight
        weight.register_hook(
            lambda gradient: gradient.fill_(self.value) if runner.iter == self.at_iter else None
        )


@DATASETS.register_module()
class TinyFrames(TinyViews):
    """Labelled samples for a recognizer, identified by their file names."""

    def __getitem__(self, key):
        sample = super().__getitem__(key)
        labelled = ActionDataSample(metainfo=dict(filename=f'video{key.index}.mp4'))
        frames = sample['inputs'][0].transpose(0, 1)
        return dict(inputs=frames, data_samples=labelled.set_gt_labels(key.index % 2))


def config(work_dir, norm_cfg=None, save_interval=1, by_epoch=True, **kwargs):
    schedule = dict(type='CosineAnnealingLR', T_max=3, end=3, convert_to_iter_based=True)
    base = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    base.merge_from_dict(
        dict(
            model=tiny_vclr_cfg(norm_cfg=norm_cfg),
            work_dir=str(work_dir),
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                drop_last=True,
                sampler=dict(type='EpochSampler'),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='TinyViews'),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=3),  # 6 iterations each
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9)
            ),
            default_hooks=dict(
                checkpoint=dict(interval=save_interval, by_epoch=by_epoch, max_keep_ckpts=-1)
            ),
            log_level='ERROR',
            **{'param_scheduler': schedule, **kwargs},
        )
    )
    return base


def final_state(work_dir):
    return torch.load(work_dir / 'epoch_3.pth', weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('by_epoch', 'save_interval', 'killed_after'),
    [(True, 1, 8), (False, 4, 9), (False, 4, 5), (False, 6, 5)],
    ids=['within-epoch', 'mid-epoch-save', 'first-epoch', 'save-at-the-end-of-an-epoch'],
)
def test_killed_run_resumes_bit_for_bit(tmp_path, by_epoch, save_interval, killed_after):
    saving = dict(norm_cfg=BATCH_NORM, by_epoch=by_epoch, save_interval=save_interval)
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    build_runner(config(straight, **saving)).train()
    kill = [dict(type='KillHook', after_iter=killed_after)]
    with pytest.raises(Killed):
        build_runner(config(broken, custom_hooks=kill, **saving)).train()
    build_runner(config(broken, resume=True, **saving)).train()
    last = 'epoch_3.pth' if by_epoch else f'iter_{18 - 18 % save_interval}.pth'
    ours, other = (torch.load(d / last, weights_only=True) for d in (straight, broken))
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(ours[part], other[part], part)
    assert 'heads.inter.queue.pointer' in ours['state_dict']


@pytest.mark.slow
def test_another_seed_gives_other_weights(tmp_path):
    """The test above could not fail if nothing depended on randomness."""
    for seed in (0, 1):
        build_runner(config(tmp_path / str(seed), randomness=dict(seed=seed))).train()
    states = [final_state(tmp_path / str(seed))['state_dict'] for seed in (0, 1)]
    assert not torch.equal(*(s['heads.inter.queue.features'] for s in states))


@pytest.mark.slow
def test_accumulating_gradients_changes_nothing(tmp_path):
    """Two half batches and one step are as one batch: weights, queues and moving average."""
    constant = dict(param_scheduler=None)  # schedules count iterations, not steps
    build_runner(config(tmp_path / 'whole', **constant)).train()
    halves = config(tmp_path / 'halves', **constant)
    halves.train_dataloader.batch_size = 2
    halves.optim_wrapper.accumulative_counts = 2
    build_runner(halves).train()
    whole, halves = (final_state(tmp_path / d)['state_dict'] for d in ('whole', 'halves'))
    for name, value in whole.items():
        if 'inter.queue.features' in name:  # the blocks of keys interleave otherwise
            value, halves[name] = value.sum(dim=0), halves[name].sum(dim=0)
        assert torch.allclose(value, halves[name], atol=1e-4), name


BFLOAT16 = dict(type='Bfloat16OptimWrapper')
SINGLE = dict(type='OptimWrapper')


@pytest.mark.parametrize('precision', [SINGLE, BFLOAT16], ids=['fp32', 'bf16'])
def test_non_finite_loss_stops_before_the_weights_change(tmp_path, precision):
    poison = [dict(type='PoisonHook', at_iter=3)]
    cfg = config(tmp_path, custom_hooks=poison)
    cfg.optim_wrapper.update(precision)
    runner = build_runner(cfg)
    named = r'the loss is not finite \(.* nan.*\); .* by index or name: \[\d+, \d+, \d+, \d+\]$'
    with pytest.raises(NonFiniteLossError, match=named):
        runner.train()
    assert runner.iter == 3
    assert runner.model.necks['inter'].layers[0].weight.isfinite().all()
    assert runner.model.momentum_backbone.conv1.conv.weight.isfinite().all()
    assert not (tmp_path / 'epoch_1.pth').exists()


@pytest.mark.slow
@pytest.mark.parametrize('value', [torch.inf, torch.nan])
@pytest.mark.parametrize('precision', [SINGLE, BFLOAT16], ids=['fp32', 'bf16'])
@pytest.mark.parametrize('accumulative_counts', [1, 2])
def test_non_finite_gradients_stop_before_the_weights_change(
    tmp_path, value, precision, accumulative_counts
):
    cfg = config(tmp_path, custom_hooks=[dict(type='PoisonGradientHook', at_iter=2, value=value)])
    cfg.train_dataloader.batch_size = 4 // accumulative_counts
    cfg.optim_wrapper.update(precision, accumulative_counts=accumulative_counts)
    runner = build_runner(cfg)
    before = {}

    class Copy(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            before.update({n: v.clone() for n, v in runner.model.named_parameters()})

    runner.register_hook(Copy())
    with pytest.raises(NonFiniteGradientError, match='although the loss is') as stopped:
        runner.train()
    assert runner.iter == 2 + (accumulative_counts - 1)
    assert '(backbone.conv1.conv.weight)' in str(stopped.value)
    samples = re.search(r'by index or name: \[(.*)\]$', str(stopped.value)).group(1)
    assert len(set(samples.split(', '))) == 4  # of all batches of the step
    for name, value in runner.model.named_parameters():
        assert torch.equal(value, before[name]), name


def test_large_gradients_are_finite(tmp_path):
    """Their squares overflow; the step is taken."""
    hook = dict(type='PoisonGradientHook', at_iter=2, value=1e30)
    cfg = config(tmp_path, custom_hooks=[hook])
    cfg.optim_wrapper.clip_grad = dict(max_norm=1.0, norm_type='inf')
    cfg.train_cfg.max_epochs = 1
    build_runner(cfg).train()
    state = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict']
    assert all(value.isfinite().all() for value in state.values())


def train_poisoned_recognizer(work_dir, launcher, accumulative_counts):
    """Return the message that ends the run, and the weights of the classifier."""
    cfg = config(work_dir, custom_hooks=[dict(type='PoisonHook', at_iter=3)])
    cfg.model = dict(
        type='mmaction.Recognizer2D',
        data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        backbone=dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=GROUP_NORM),
        cls_head=dict(
            type='mmaction.TSNHead',
            num_classes=2,
            in_channels=32,
            loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        ),
    )
    cfg.train_dataloader.update(batch_size=2, collate_fn=dict(type='pseudo_collate'))
    cfg.train_dataloader.dataset = dict(type='TinyFrames')
    cfg.optim_wrapper.accumulative_counts = accumulative_counts
    cfg.launcher = launcher
    runner = build_runner(cfg)
    with pytest.raises(NonFiniteLossError) as stopped:
        runner.train()
    assert runner.iter == 3
    model = getattr(runner.model, 'module', runner.model)
    assert 'parse_losses' not in vars(model)
    return str(stopped.value), model.cls_head.fc_cls.weight.detach()


@pytest.mark.parametrize('accumulative_counts', [1, 2])
def test_recognizers_of_mmaction2_are_stopped_too(tmp_path, accumulative_counts):
    message, weights = train_poisoned_recognizer(tmp_path, 'none', accumulative_counts)
    assert re.search(r"loss_cls nan.* Samples .*: \['video\d+.mp4', 'video\d+.mp4'\]$", message)
    assert weights.isfinite().all()


@pytest.mark.slow
def test_a_recognizer_is_stopped_on_two_processes(tmp_path):
    results = run_on_processes(train_poisoned_recognizer, 2, tmp_path, 'pytorch', 1)
    named = [set(re.findall(r'video\d+', message)) for message, _ in results]
    assert len(named[0]) == len(named[1]) == 2
    assert not named[0] & named[1]
    assert torch.equal(results[0][1], results[1][1])
    assert results[0][1].isfinite().all()


@pytest.mark.slow
def test_unreadable_checkpoint_falls_back(tmp_path):
    build_runner(config(tmp_path)).train()
    expected = final_state(tmp_path)
    last = tmp_path / 'epoch_3.pth'
    last.write_bytes(last.read_bytes()[:1000])
    runner = build_runner(config(tmp_path, resume=True))
    runner.train()
    assert_same(final_state(tmp_path)['state_dict'], expected['state_dict'])


def test_checkpoint_is_whole_or_absent(tmp_path, monkeypatch):
    runner = build_runner(config(tmp_path))
    save = torch.save

    def save_half(obj, file, **kwargs):
        save(obj, file, **kwargs)
        file.truncate(file.tell() // 2)
        raise OSError('No space left on device')

    monkeypatch.setattr('mmengine.runner.checkpoint.torch.save', save_half)
    with pytest.raises(OSError, match='No space left'):
        runner.train()
    assert not list(tmp_path.glob('*.pth'))


@pytest.mark.slow
def test_no_checkpoint_means_a_fresh_start(tmp_path):
    runner = build_runner(config(tmp_path, resume=True))
    runner.train()
    assert runner.epoch == 3


def test_too_few_videos_are_refused(tmp_path):
    cfg = config(tmp_path)
    cfg.train_dataloader.dataset.num_samples = 3
    with pytest.raises(ValueError, match='3 videos, fewer than one batch of 4'):
        build_runner(cfg).train()
