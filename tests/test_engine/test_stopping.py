"""Signals end a training with a checkpoint; a clock saves others; each test starts processes."""

import contextlib
import os
import re
import runpy
import signal
import sys
import time
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from tests.distributed import free_port, run_on_processes
from tests.test_engine.test_training import config, final_state
from tests.tiny import TinyViews
from tests.training import assert_same, start
from vsslbox.apis.command_line import build_runner, run_command
from vsslbox.registry import DATASETS, HOOKS

REPO = Path(__file__).resolve().parents[2]


@DATASETS.register_module()
class SlowViews(TinyViews):
    """Samples that take their time."""

    def __getitem__(self, key):
        time.sleep(float(os.environ.get('SECONDS_OF_A_SAMPLE', '0')))
        return super().__getitem__(key)


@HOOKS.register_module()
class TellHook(Hook):
    """Print the iteration that begins, and make it last."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank == 0:
            print(f'iteration {runner.iter}', flush=True)
        time.sleep(float(os.environ.get('SECONDS_OF_AN_ITERATION', '0')))


def slow_config(work_dir, num_processes=1, **kwargs):
    cfg = config(work_dir, **{'custom_hooks': [dict(type='TellHook')], **kwargs})
    cfg.train_dataloader.update(batch_size=4 // num_processes, num_workers=1)
    cfg.train_dataloader.dataset = dict(type='SlowViews')
    cfg.launcher = 'pytorch' if num_processes > 1 else 'none'
    return cfg


def main():
    """Train in this process, as tools/train.py does."""
    torch.set_num_threads(1)
    work_dir, num_processes = sys.argv[1:]
    cfg = slow_config(work_dir, int(num_processes))
    cfg.log_level = 'WARNING'
    run_command(lambda: build_runner(cfg).train())


def run_script(log, environ, script, arguments):
    """Run a script in this process, whose output goes to a file."""
    with open(log, 'wb') as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environ)
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name='__main__')


class Run:
    """A training in a process of its own, or in those of `tools/launch.py`; all write one log."""

    def __init__(self, work_dir, num_processes=1, seconds='0'):
        self.log = work_dir.with_suffix('.log')
        script = work_dir.with_suffix('.py')
        script.write_text('from tests.test_engine.test_stopping import main; main()')
        arguments = [str(work_dir), str(num_processes)]
        if num_processes > 1:
            options = ['--nproc-per-node', str(num_processes), '--master-port', str(free_port())]
            arguments = [*options, str(script), *arguments]
            script = REPO / 'tools/launch.py'
        environ = dict(
            PYTHONPATH=str(REPO),
            SECONDS_OF_A_SAMPLE='0.02',
            SECONDS_OF_AN_ITERATION=seconds,
            OMP_NUM_THREADS='1',
        )
        self.process = start(run_script, str(self.log), environ, str(script), arguments)

    def wait_for(self, iteration):
        while not re.search(rf'^iteration {iteration}$', self.said(), re.MULTILINE):
            assert self.process.is_alive(), self.said()
            time.sleep(0.1)

    def said(self):
        return self.log.read_text() if self.log.exists() else ''

    def end(self):
        """Return the exit code and what it wrote; assert that nothing is left of it."""
        self.process.join(timeout=600)
        assert self.left() == []
        return self.process.exitcode, self.said()

    def left(self):
        """Return the processes that have the log open."""
        left = []
        for path in Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if os.path.samefile(path / 'fd/1', self.log):
                    left.append(int(path.name))
        return left


def stopped(work_dir, number, num_processes=1, child=None):
    """Stop a training within its second epoch, by a signal to it or a child of its launcher."""
    run = Run(work_dir, num_processes)
    run.wait_for(8)
    pid = run.process.pid
    if child is not None:
        pid = int(Path(f'/proc/{pid}/task/{pid}/children').read_text().split()[child])
    os.kill(pid, number)
    code, said = run.end()
    assert code == 128 + number, said
    assert 'Traceback' not in said
    assert 9 <= iteration_of(work_dir / 'recent.pth') <= 11
    assert said.count('to go on: the same command with --resume') == 1
    assert f'--work-dir {work_dir}' in said
    assert not (work_dir / 'epoch_2.pth').exists()


def iteration_of(path):
    return torch.load(path, weights_only=True)['meta']['iter']


HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    """The work directory of a training that no signal stops, and the handlers before and after."""
    work_dir = tmp_path_factory.mktemp('straight')
    handlers = [[*map(signal.getsignal, HANDLED)]]
    build_runner(slow_config(work_dir)).train()
    return work_dir, [*handlers, [*map(signal.getsignal, HANDLED)]]


@pytest.mark.slow
@pytest.mark.parametrize('number', HANDLED)
def test_a_signal_saves_and_the_run_resumes_bit_for_bit(tmp_path, number, straight):
    stopped(tmp_path / 'stopped', number)
    build_runner(slow_config(tmp_path / 'stopped', resume=True)).train()
    ours, other = (final_state(folder) for folder in (straight[0], tmp_path / 'stopped'))
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(ours[part], other[part], part)


def train_on_two(work_dir, resume):
    build_runner(slow_config(work_dir, 2, resume=resume)).train()


@pytest.fixture(scope='module')
def straight_on_two(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('straight on two')
    run_on_processes(train_on_two, 2, work_dir, False)
    return work_dir


def resume_on_two(work_dir, straight):
    run_on_processes(train_on_two, 2, work_dir, True)
    assert_same(*(final_state(folder)['state_dict'] for folder in (straight, work_dir)))


@pytest.mark.slow
def test_a_signal_to_one_process_stops_both_and_they_resume_together(tmp_path, straight_on_two):
    stopped(tmp_path / 'stopped', signal.SIGTERM, num_processes=2, child=1)
    resume_on_two(tmp_path / 'stopped', straight_on_two)


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('number', HANDLED)
def test_a_signal_to_the_launcher_stops_both(tmp_path, number, straight_on_two):
    stopped(tmp_path / 'stopped', number, num_processes=2)
    resume_on_two(tmp_path / 'stopped', straight_on_two)


@pytest.mark.slow
def test_a_second_signal_ends_at_once(tmp_path):
    run = Run(tmp_path / 'run', seconds='60')
    run.wait_for(0)
    os.kill(run.process.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.kill(run.process.pid, signal.SIGTERM)  # the same request, as a launcher passes it on
    time.sleep(1.5)
    assert run.process.is_alive()
    os.kill(run.process.pid, signal.SIGTERM)
    run.process.join(timeout=20)
    assert run.process.exitcode == -signal.SIGTERM
    assert not (tmp_path / 'run/recent.pth').exists()
    deadline = time.monotonic() + 20
    while run.left() and time.monotonic() < deadline:  # workers look for their parent every 5 s
        time.sleep(0.2)
    assert run.left() == []


@pytest.mark.slow
def test_gradients_are_not_lost_when_they_accumulate(tmp_path):
    """A checkpoint by the clock waits for the optimizer's step."""
    often = [dict(type='RecentCheckpointHook', minutes=1e-9), dict(type='NoteHook')]
    cfg = slow_config(tmp_path, custom_hooks=often)
    cfg.optim_wrapper.accumulative_counts = 3
    runner = build_runner(cfg)
    runner.train()
    (note,) = (hook for hook in runner.hooks if isinstance(hook, NoteHook))
    assert note.saved == [3, 6, 9, 12, 15, 18]


@HOOKS.register_module()
class NoteHook(Hook):
    """Note the iterations of checkpoints within epochs."""

    def __init__(self):
        self.saved = []

    def before_save_checkpoint(self, runner, checkpoint):
        if checkpoint['meta']['epoch'] == runner.epoch:
            self.saved.append(checkpoint['meta']['iter'])


@pytest.mark.slow
def test_the_clock_saves_nothing_early(straight):
    assert not (straight[0] / 'recent.pth').exists()


@pytest.mark.parametrize('minutes', [0, -1])
def test_minutes_are_positive(tmp_path, minutes):
    hook = dict(type='RecentCheckpointHook', minutes=minutes)
    with pytest.raises(ValueError, match='minutes of RecentCheckpointHook must be positive'):
        build_runner(slow_config(tmp_path, custom_hooks=[hook]))


def test_handlers_are_restored(straight):
    before, after = straight[1]
    assert before == after
