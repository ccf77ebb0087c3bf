"""Signals end a training with a checkpoint; a clock saves others; each test starts processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from tests.distributed import run_on_processes
from tests.test_engine.test_training import assert_same, config, final_state
from tests.tiny import TinyViews
from vsslbox.apis.command_line import build_runner, run_command
from vsslbox.registry import DATASETS, HOOKS

REPO = Path(__file__).resolve().parents[2]
SCRIPT = 'from tests.test_engine.test_stopping import main; main()'


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
    work_dir, num_processes, resume = sys.argv[1:]
    cfg = slow_config(work_dir, int(num_processes), resume=resume == 'True')
    cfg.log_level = 'WARNING'
    run_command(lambda: build_runner(cfg).train())


class Run:
    """A training in processes of its own, which an environment variable marks."""

    def __init__(self, work_dir, num_processes=1, resume=False, seconds='0'):
        self.mark = f'MARK={uuid.uuid4()}'
        arguments = [str(work_dir), str(num_processes), str(resume)]
        command = [sys.executable, '-c', SCRIPT, *arguments]
        if num_processes > 1:
            script = work_dir.parent / 'script.py'
            script.write_text(SCRIPT)
            options = ['--nproc-per-node', str(num_processes), '--master-port', '29637']
            command = [sys.executable, 'tools/launch.py', *options, str(script), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=REPO,
            env={
                **os.environ,
                'PYTHONPATH': str(REPO),
                'SECONDS_OF_A_SAMPLE': '0.02',
                'SECONDS_OF_AN_ITERATION': seconds,
                'OMP_NUM_THREADS': '1',
                'MARK': self.mark[5:],
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, iteration):
        for line in self.process.stdout:
            if line.strip() == f'iteration {iteration}':
                return
        raise AssertionError(self.process.stderr.read())

    def end(self):
        """Return the exit code and what it wrote; assert that nothing is left of it."""
        out, err = self.process.communicate(timeout=120)
        assert self.left() == []
        return self.process.returncode, out, err

    def left(self):
        marked = []
        for path in Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (path / 'environ').read_bytes():
                    marked.append(int(path.name))
        return marked


def stopped(work_dir, number, num_processes=1):
    """Stop a training within its second epoch."""
    run = Run(work_dir, num_processes)
    run.wait_for(8)
    os.kill(run.process.pid, number)
    code, out, err = run.end()
    assert code == 128 + number, err
    assert 'Traceback' not in out + err
    assert 9 <= iteration_of(work_dir / 'recent.pth') <= 11
    assert out.count('to go on: the same command with --resume') == 1
    assert f'--work-dir {work_dir}' in out
    assert not (work_dir / 'epoch_2.pth').exists()


def iteration_of(path):
    return torch.load(path, weights_only=True)['meta']['iter']


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_saves_and_the_run_resumes_bit_for_bit(tmp_path, number):
    build_runner(slow_config(tmp_path / 'straight')).train()
    stopped(tmp_path / 'stopped', number)
    build_runner(slow_config(tmp_path / 'stopped', resume=True)).train()
    ours, other = (final_state(tmp_path / name) for name in ('straight', 'stopped'))
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(ours[part], other[part], part)


def train_on_two(work_dir, resume):
    build_runner(slow_config(work_dir, 2, resume=resume)).train()


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_two_processes_stop_and_resume_together(tmp_path, number):
    stopped(tmp_path / 'stopped', number, num_processes=2)
    run_on_processes(train_on_two, 2, tmp_path / 'stopped', True)
    run_on_processes(train_on_two, 2, tmp_path / 'straight', False)
    ours, other = (final_state(tmp_path / name) for name in ('straight', 'stopped'))
    assert_same(ours['state_dict'], other['state_dict'])


@pytest.mark.slow
def test_a_signal_to_one_process_stops_both(tmp_path):
    run = Run(tmp_path / 'run', num_processes=2)
    run.wait_for(8)
    children = Path(f'/proc/{run.process.pid}/task/{run.process.pid}/children').read_text().split()
    os.kill(int(children[1]), signal.SIGTERM)
    code, _, err = run.end()
    assert code == 143, err
    assert 'Traceback' not in err
    assert 9 <= iteration_of(tmp_path / 'run/recent.pth') <= 11


def test_a_second_signal_ends_at_once(tmp_path):
    run = Run(tmp_path / 'run', seconds='60')
    run.wait_for(0)
    run.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    run.process.send_signal(signal.SIGTERM)  # the same request, as a launcher passes it on
    time.sleep(1.5)
    assert run.process.poll() is None
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=20) == -signal.SIGTERM
    assert not (tmp_path / 'run/recent.pth').exists()
    deadline = time.monotonic() + 20
    while run.left() and time.monotonic() < deadline:  # workers look for their parent every 5 s
        time.sleep(0.2)
    assert run.left() == []
    run.process.communicate()


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


def test_the_clock_saves_nothing_early(tmp_path):
    build_runner(slow_config(tmp_path)).train()
    assert not (tmp_path / 'recent.pth').exists()


@pytest.mark.parametrize('minutes', [0, -1])
def test_minutes_are_positive(tmp_path, minutes):
    hook = dict(type='RecentCheckpointHook', minutes=minutes)
    with pytest.raises(ValueError, match='minutes of RecentCheckpointHook must be positive'):
        build_runner(slow_config(tmp_path, custom_hooks=[hook]))


def test_handlers_are_restored(tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    build_runner(slow_config(tmp_path)).train()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
