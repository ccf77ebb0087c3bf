"""The health of a training in its log, and the alarm at a collapse."""

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.conftest import REPO
from tests.distributed import run_on_processes
from tests.tiny import TinyViews, tiny_vclr, tiny_vclr_cfg
from tests.training import assert_same
from vsslbox.apis.command_line import build_runner, run_command
from vsslbox.engine.hooks import CollapseError, HealthHook
from vsslbox.errors import InputError
from vsslbox.evaluation.functional import embedding_health
from vsslbox.models.selfsup import VCLR
from vsslbox.registry import MODELS
from vsslbox.structures import SampleKey
from vsslbox.visualization.training_log import read_training_log

BATCH_NORM = dict(type='BN', requires_grad=True)


@MODELS.register_module()
class CollapsingVCLR(VCLR):
    """A VCLR whose embeddings become the same at its 4th step."""

    steps = 0

    def update_after_step(self, progress=0.0):
        super().update_after_step(progress)
        self.steps += 1

    def embed(self, clips):
        embeddings = super().embed(clips)
        return embeddings if self.steps < 4 else embeddings * 0 + 1


def config(work_dir, health, epochs=1, method='VCLR', **model):
    base = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    base.merge_from_dict(
        dict(
            model=tiny_vclr_cfg(norm_cfg=BATCH_NORM, **model),
            work_dir=str(work_dir),
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                drop_last=True,
                sampler=dict(type='EpochSampler'),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='TinyViews'),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=epochs),  # 6 iterations each
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05)),
            log_level='ERROR',
            # Runs of one second would share a log by the name that the time gives.
            experiment_name='_'.join(work_dir.parts[-2:]),
        )
    )
    base.model.type = method
    base.default_hooks.health = health
    return base


def train(work_dir, health, **kwargs):
    runner = build_runner(config(work_dir, health, **kwargs))
    runner.train()
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return runner, [row for row in rows if 'health/spread' in row]


def test_measuring_changes_nothing(tmp_path):
    measured, rows = train(tmp_path / 'measured', dict(type='HealthHook', interval=1))
    without, none = train(tmp_path / 'without', None)
    assert [row['iter'] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert none == []
    assert_same(measured.model.state_dict(), without.model.state_dict())


def test_the_log_has_the_measures_of_the_last_batch(tmp_path):
    runner, rows = train(tmp_path, dict(type='HealthHook', interval=6))
    assert [row['iter'] for row in rows] == [1, 6]
    row = rows[-1]
    model = runner.model.eval()
    videos = list(runner.train_dataloader.sampler)[-4:]
    samples = [TinyViews()[key] for key in videos]
    views = [torch.stack(view) for view in zip(*(sample['inputs'] for sample in samples))]
    with torch.no_grad():
        inputs = [
            (v.float() - model.data_preprocessor.mean) / model.data_preprocessor.std for v in views
        ]
        frames = [view.transpose(1, 2) for view in inputs]
        features = [
            model.backbone(f.flatten(0, 1)).mean((2, 3)).unflatten(0, f.shape[:2]).mean(1)
            for f in frames
        ]
        expected = torch.stack(
            [torch.nn.functional.normalize(model.necks['inter'](f)) for f in features], dim=1
        )
    for name, value in embedding_health(expected).items():
        assert row[f'health/{name}'] == pytest.approx(value, rel=1e-4), name


def test_the_log_has_speed_time_left_and_the_age_of_the_queue(tmp_path):
    _, rows = train(tmp_path, dict(type='HealthHook', interval=2), queue_size=48)
    for row in rows:
        assert row['health/queue_age'] == 12  # of the queue with one key of each of 4 videos a step
        assert 0 < row['health/data_wait'] < 100
    assert [row['iter'] for row in rows] == [1, 2, 4, 6]
    for row in rows[2:]:
        assert row['health/hours_left'] == pytest.approx(
            4 * (6 - row['iter']) / row['health/videos_per_s'] / 3600
        )


def test_without_the_timer_there_is_no_speed(tmp_path):
    settings = config(tmp_path, dict(type='HealthHook'))
    settings.default_hooks.timer = None
    build_runner(settings).train()
    names = set(read_training_log(tmp_path).training)
    assert 'health/spread' in names
    assert 'health/hours_left' not in names


def test_curves_and_tensorboard_have_the_measures(tmp_path):
    accumulator = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    pytest.importorskip('torch.utils.tensorboard')
    settings = config(tmp_path, dict(type='HealthHook', interval=3))
    settings.visualizer.vis_backends.append(dict(type='TensorboardVisBackend'))
    build_runner(settings).train()
    curve = read_training_log(tmp_path).training['health/spread']
    assert [at for at, _ in curve] == [1, 3, 6]
    (events,) = tmp_path.glob('*/vis_data/events.*')
    board = accumulator.EventAccumulator(str(events))
    board.Reload()
    shown = [(event.step, event.value) for event in board.Scalars('health/spread')]
    assert shown == [(at, pytest.approx(value, rel=1e-6)) for at, value in curve]


class StepsHook(Hook):
    """Collect how far each step of SGD without momentum moves the weights."""

    def __init__(self):
        self.lengths = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.before = [p.detach().clone() for p in runner.model.parameters() if p.requires_grad]

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        after = [p for p in runner.model.parameters() if p.requires_grad]
        moved = [(a - b).flatten() for a, b in zip(after, self.before, strict=True)]
        self.lengths.append(torch.cat(moved).norm().item())


def test_the_norm_of_the_gradients_is_logged(tmp_path):
    runner = build_runner(config(tmp_path, None))
    steps = StepsHook()
    runner.register_hook(steps)
    runner.train()
    norms, _ = runner.message_hub.get_scalar('train/grad_norm').data
    assert norms == pytest.approx([length / 0.05 for length in steps.lengths], rel=1e-4)
    assert len(norms) == 6


def test_a_collapse_is_told_once(tmp_path, caplog):
    health = dict(type='HealthHook', interval=1, patience=2)
    runner = build_runner(config(tmp_path, health, epochs=2, method='CollapsingVCLR'))
    runner.logger.addHandler(caplog.handler)
    runner.train()
    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith('collapse')]
    assert len(told) == 1
    assert 'at iteration 5 ' in told[0]  # the second measurement in a row
    assert '(health/spread 0.0000, before up to 0.' in told[0]


def test_a_collapse_can_stop_the_run(tmp_path):
    health = dict(type='HealthHook', interval=1, on_collapse='stop')
    runner = build_runner(config(tmp_path, health, epochs=2, method='CollapsingVCLR'))
    with pytest.raises(CollapseError, match='at iteration 6 '):
        runner.train()
    assert runner.iter == 5


@pytest.mark.parametrize(
    ('spreads', 'alarms'),
    [
        ([0.5364, 0.1591, 0.0721, 0.0784, 0.0856, 0.1317, 0.3064], []),  # a VideoMAE that recovers
        ([0.5, 0.08, 0.07, 0.09, 0.06, 0.07], [5]),  # 0.06 after 0.07
        ([0.5, 0.08, 0.07, 0.06, 0.3, 0.05, 0.04, 0.03, 0.02], [4, 8]),  # again after a recovery
        ([0.5, 0.001, 0.002, 0.003, 0.004], [4]),  # too low for a recovery
        ([0.09, 0.08, 0.07, 0.06, 0.05], []),  # not less than a third
    ],
)
def test_when_the_alarm_comes(tmp_path, caplog, spreads, alarms):
    runner = build_runner(config(tmp_path, None))
    runner.logger.addHandler(caplog.handler)
    hook, found = HealthHook(), []
    caplog.clear()
    for number, spread in enumerate(spreads, start=1):
        hook._check(runner, spread)
        if caplog.records:
            found.append(number)
            caplog.clear()
    assert found == alarms


def test_a_collapse_has_an_exit_code_of_its_own(capsys):
    def main():
        raise CollapseError('all the same')

    with pytest.raises(SystemExit) as ended:
        run_command(main)
    assert ended.value.code == 3
    assert 'error: all the same' in capsys.readouterr().err


def measure_share(videos):
    """Measure this process's share of the videos."""
    rank, world = (
        (torch.distributed.get_rank(), torch.distributed.get_world_size())
        if (torch.distributed.is_initialized())
        else (0, 1)
    )
    torch.manual_seed(0)
    model = tiny_vclr(norm_cfg=BATCH_NORM)
    own = [TinyViews()[SampleKey(video)] for video in videos][rank::world]
    batch = dict(
        inputs=[torch.stack(view) for view in zip(*(sample['inputs'] for sample in own))],
        data_samples=[sample['data_samples'] for sample in own],
    )
    return embedding_health(HealthHook()._embed(model, batch))


def test_two_processes_measure_what_one_does():
    one = measure_share(range(8))
    for values in run_on_processes(measure_share, 2, range(8)):
        assert values == pytest.approx(one, rel=1e-4)


def test_no_more_videos_than_asked_are_measured():
    samples = [TinyViews()[index] for index in range(6)]
    batch = dict(
        inputs=[torch.stack(view) for view in zip(*(sample['inputs'] for sample in samples))],
        data_samples=[sample['data_samples'] for sample in samples],
    )
    assert HealthHook(max_videos=5)._embed(tiny_vclr(), batch).shape == (5, 3, 8)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(interval=0), '`interval` of HealthHook must be positive, got 0'),
        (dict(on_collapse='exit'), "must be 'warn' or 'stop', got 'exit'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        HealthHook(**options)
