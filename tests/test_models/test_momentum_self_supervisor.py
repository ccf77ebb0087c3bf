"""Moving averages that follow a schedule: its values, its progress in a run, and resuming."""

import math

import pytest
import torch
import torch.nn.functional as F

from tests.test_engine.test_training import Killed, assert_same, config
from tests.tiny import GROUP_NORM, tiny_vclr
from vsslbox.apis.command_line import build_runner
from vsslbox.models.selfsup import MomentumSelfSupervisor
from vsslbox.models.utils import CosineMomentum, encode_clips
from vsslbox.registry import MODELS

COSINE = dict(type='CosineMomentum', base=0.9)
STEPS = 18


def byol_momentum(step, num_steps, base=0.9):
    return 1 - (1 - base) * (math.cos(math.pi * step / num_steps) + 1) / 2


@MODELS.register_module()
class TinyBYOL(MomentumSelfSupervisor):
    """A network predicts the projections of its moving average."""

    def __init__(self, backbone, neck, predictor, momentum):
        super().__init__(backbone, momentum)
        self.neck = MODELS.build(neck)
        self.predictor = MODELS.build(predictor)
        self.follow('backbone', 'neck')
        self.seen = []

    def loss(self, inputs, data_samples):
        first, second = inputs[:2]
        return dict(loss=self.distance(first, second) + self.distance(second, first))

    def distance(self, view, other):
        predicted = self.predictor(self.neck(encode_clips(self.backbone, view)))
        with torch.no_grad():
            target = self.momentum_neck(encode_clips(self.momentum_backbone, other))
        return 2 - 2 * F.cosine_similarity(predicted, target).mean()

    def update_after_step(self, progress=0.0):
        self.seen.append((progress, self.momentum(progress)))
        super().update_after_step(progress)


def tiny_byol_cfg():
    return dict(
        type='TinyBYOL',
        backbone=dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=GROUP_NORM),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
        predictor=dict(type='MLPNeck', in_channels=8, hidden_channels=16, out_channels=8),
        momentum=COSINE,
    )


def byol_config(work_dir, **kwargs):
    cfg = config(work_dir, **kwargs)
    cfg.model = tiny_byol_cfg()
    return cfg


def test_schedule_equals_the_formula():
    schedule = CosineMomentum(base=0.9)
    for step in range(STEPS + 1):
        assert schedule(step / STEPS) == pytest.approx(byol_momentum(step, STEPS), rel=1e-15)
    assert (schedule(0.0), schedule(1.0)) == (pytest.approx(0.9), 1.0)
    assert CosineMomentum(0.5, end=0.9)(0.5) == pytest.approx(0.7)


def test_average_moves_by_the_schedule():
    model = tiny_vclr(momentum=COSINE)
    pairs = [(model.backbone, model.momentum_backbone), (model.necks, model.momentum_necks)]
    with torch.no_grad():
        for online, _ in pairs:
            for parameter in online.parameters():
                parameter.add_(torch.randn_like(parameter))
    before = [[p.clone() for p in average.parameters()] for _, average in pairs]
    model.update_after_step(progress=0.25)
    kept = byol_momentum(1, 4)
    for (online, average), old in zip(pairs, before, strict=True):
        for new, moved, start in zip(online.parameters(), average.parameters(), old, strict=True):
            assert torch.allclose(moved, kept * start + (1 - kept) * new, atol=1e-6)


def test_a_method_on_the_contract_trains_and_its_targets_do_not():
    model = MODELS.build(tiny_byol_cfg())
    model.init_weights()
    views = [torch.randn(2, 3, 1, 24, 24) for _ in range(2)]
    model(views, [], mode='loss')['loss'].backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == name.startswith('momentum_'), name
    names = {name.partition('.')[0] for name in model.state_dict()}
    assert names == {'backbone', 'neck', 'predictor', 'momentum_backbone', 'momentum_neck'}
    assert_same(model.backbone.state_dict(), model.momentum_backbone.state_dict())


@pytest.mark.parametrize(('accumulated', 'num_steps'), [(1, STEPS), (2, 9), (4, 5)])
def test_progress_counts_steps(tmp_path, accumulated, num_steps):
    cfg = byol_config(tmp_path)
    cfg.optim_wrapper.accumulative_counts = accumulated
    runner = build_runner(cfg)
    runner.train()
    progress, momenta = zip(*runner.model.seen, strict=True)
    assert progress == tuple(step / num_steps for step in range(num_steps))
    assert momenta == pytest.approx([byol_momentum(s, num_steps) for s in range(num_steps)])


@pytest.mark.slow
def test_killed_run_resumes_bit_for_bit(tmp_path):
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    build_runner(byol_config(straight)).train()
    kill = [dict(type='KillHook', after_iter=8)]
    with pytest.raises(Killed):
        build_runner(byol_config(broken, custom_hooks=kill)).train()
    resumed = build_runner(byol_config(broken, resume=True))
    resumed.train()
    assert resumed.model.seen[0][0] == 6 / STEPS
    ours, other = (
        torch.load(d / 'epoch_3.pth', weights_only=True)['state_dict'] for d in (straight, broken)
    )
    assert_same(ours, other)
    assert not torch.equal(
        ours['momentum_backbone.conv1.conv.weight'], ours['backbone.conv1.conv.weight']
    )


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='base and end of CosineMomentum must be within'):
        CosineMomentum(base=1.5)
    with pytest.raises(ValueError, match=r'momentum must be within \[0, 1\], got 2'):
        tiny_vclr(momentum=2)
