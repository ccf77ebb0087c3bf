"""When and from what clusters are made, also in resumed runs."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MMLogger

from tests.tiny_vie import RECOGNITION, tiny_vie_cfg
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.hooks import ClusterHook
from vsslbox.models.losses import LocalAggregationLoss
from vsslbox.models.memories import FeatureBank
from vsslbox.models.utils.kmeans import kmeans
from vsslbox.registry import HOOKS

REPO = Path(__file__).resolve().parents[2]
WARM_UP = dict(warmup_loss=RECOGNITION, warmup_steps=8)


def fake_runner(num_videos=30, num_clusterings=1, warming_up=False):
    bank = FeatureBank(num_videos, 4, num_clusterings=num_clusterings)
    model = SimpleNamespace(bank=bank, warming_up=warming_up, criterion=LocalAggregationLoss(30))
    return SimpleNamespace(model=model, logger=MMLogger.get_current_instance())


def test_labels_are_those_of_k_means_on_the_bank():
    runner = fake_runner(num_clusterings=2)
    hook = ClusterHook(num_clusters=[4, 7], num_iters=3, seed=10)
    hook.before_train(runner)
    hook.before_train_iter(runner, batch_idx=0)
    bank = runner.model.bank
    for row, (num_clusters, seed) in enumerate(((4, 10), (7, 11))):
        expected = kmeans(bank.features, num_clusters, 3, seed).labels
        assert torch.equal(bank.labels[row], expected)


def test_clusters_are_made_when_an_epoch_begins_or_there_are_none():
    runner = fake_runner(warming_up=True)
    model, hook = runner.model, ClusterHook(num_clusters=4)

    def clusters_at(batch_idx):
        model.bank.features.copy_(torch.randn(30, 4))
        before = model.bank.labels.clone()
        hook.before_train_iter(runner, batch_idx=batch_idx)
        return not torch.equal(model.bank.labels, before)

    assert not any(clusters_at(batch_idx) for batch_idx in (0, 1, 2, 0))
    model.warming_up = False
    made = [clusters_at(batch_idx) for batch_idx in (1, 2, 0, 1, 0)]
    assert made == [True, False, True, False, True]


def test_settings_that_do_not_fit_the_bank_are_refused():
    with pytest.raises(ValueError, match='makes 2 clusterings, the bank has `num_clusterings=1`'):
        ClusterHook(num_clusters=[4, 7]).before_train(fake_runner())
    runner = fake_runner()
    ClusterHook(num_clusters=30).before_train(runner)
    with pytest.raises(ValueError, match=r'`num_clusters=31` .* more than the 30 videos'):
        ClusterHook(num_clusters=31).before_train(runner)
    runner.model.criterion = LocalAggregationLoss(31)
    with pytest.raises(ValueError, match=r'`background_size=31` .* more than the 30 videos'):
        ClusterHook(num_clusters=30).before_train(runner)


class Killed(Exception):
    """Stands for whatever ends a run at an arbitrary moment."""


@HOOKS.register_module()
class DieHook(Hook):
    """Die after the given iteration."""

    priority = 'LOWEST'

    def __init__(self, after_iter):
        self.after_iter = after_iter

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == self.after_iter:
            raise Killed


def config(work_dir, save_interval=6, die_after=None, model=WARM_UP, **kwargs):
    hooks = [dict(type='BankListHook'), dict(type='ClusterHook', num_clusters=5, num_iters=3)]
    if die_after is not None:
        hooks.append(dict(type='DieHook', after_iter=die_after))
    base = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    base.merge_from_dict(
        dict(
            model=tiny_vie_cfg(**model),
            work_dir=str(work_dir),
            custom_hooks=hooks,
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                drop_last=True,
                sampler=dict(type='EpochSampler'),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='TinyClips'),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=3),  # 6 iterations each
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.03, momentum=0.9)
            ),
            default_hooks=dict(
                checkpoint=dict(interval=save_interval, by_epoch=False, max_keep_ckpts=-1)
            ),
            log_level='ERROR',
        )
    )
    base.merge_from_dict(kwargs)
    return base


def state_of(work_dir, iteration):
    return torch.load(work_dir / f'iter_{iteration}.pth', weights_only=True)['state_dict']


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    """The checkpoints of a run that nothing stopped, after every iteration."""
    work_dir = tmp_path_factory.mktemp('straight')
    build_runner(config(work_dir, save_interval=1)).train()
    return work_dir


@pytest.mark.slow
def test_labels_over_a_run(straight):
    """Six iterations an epoch, eight to warm up: clusters before iterations 9 and 13."""
    states = [state_of(straight, iteration) for iteration in range(1, 19)]
    assert all((state['bank.labels'] == -1).all() for state in states[:8])
    for first, last in ((9, 12), (13, 18)):
        of_bank = kmeans(states[first - 2]['bank.features'], 5, 3, seed=1234).labels
        for state in states[first - 1 : last]:
            assert torch.equal(state['bank.labels'][0], of_bank)
    assert not torch.equal(states[11]['bank.labels'], states[12]['bank.labels'])


@pytest.mark.slow
@pytest.mark.parametrize(
    ('save_interval', 'killed_after'),
    [(4, 6), (4, 10), (5, 12), (6, 13)],
    ids=['warming-up', 'at-the-end-of-the-warm-up', 'within-an-epoch', 'between-epochs'],
)
def test_killed_run_resumes_bit_for_bit(tmp_path, straight, save_interval, killed_after):
    with pytest.raises(Killed):
        build_runner(config(tmp_path, save_interval, die_after=killed_after)).train()
    build_runner(config(tmp_path, save_interval, resume=True)).train()
    last = 18 - 18 % save_interval
    ours, other = state_of(straight, last), state_of(tmp_path, last)
    assert {'bank.features', 'bank.labels', 'bank.list_hash', 'steps'} <= ours.keys()
    assert ours.keys() == other.keys()
    for name, value in ours.items():
        assert torch.equal(value, other[name]), name


def test_another_list_is_refused_at_resume(tmp_path):
    with pytest.raises(Killed):
        build_runner(config(tmp_path, die_after=7)).train()
    changed = {'resume': True, 'train_dataloader.dataset.folder': 'other'}
    with pytest.raises(ValueError, match='the bank was filled with another list of videos'):
        build_runner(config(tmp_path, **changed)).train()


def test_a_list_of_another_length_is_refused_at_resume(tmp_path):
    with pytest.raises(Killed):
        build_runner(config(tmp_path, die_after=7)).train()
    cfg = config(tmp_path, model=dict(WARM_UP, num_videos=23), resume=True)
    with pytest.raises(ValueError, match='with a list of 24 videos, that of the config is for 23'):
        build_runner(cfg).train()


def test_a_bank_of_another_length_is_refused(tmp_path):
    cfg = config(tmp_path, model=dict(num_videos=23))
    with pytest.raises(ValueError, match='the bank has 23 rows, the training list 24 videos'):
        build_runner(cfg).train()
