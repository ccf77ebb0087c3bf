"""Two launch groups, as on two machines, train together, and end together when one of them dies."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.conftest import REPO
from tests.distributed import free_port, run_on_processes
from tests.training import assert_same_end, demo_config, train_and_draw

PATIENT, IMPATIENT = 300, 30  # seconds; a loaded machine takes some of them to start


class Groups:
    """A training in two groups of one process, started by `tools/dist_train.sh`."""

    def __init__(self, config, folder, options, **variables):
        path, port = folder / 'config.py', free_port()
        config.dump(path)
        variables |= dict(NNODES=2, MASTER_ADDR='127.0.0.1', PORT=port)
        self.groups = [self.start(path, options, NODE_RANK=rank, **variables) for rank in (0, 1)]

    @staticmethod
    def start(config, options, **variables):
        return subprocess.Popen(
            ['bash', 'tools/dist_train.sh', str(config), '1', *options],
            cwd=REPO,
            env={**os.environ, 'OMP_NUM_THREADS': '1', **{k: str(v) for k, v in variables.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def send(self, rank, number):
        """Send a signal to all processes of a group."""
        launcher = psutil.Process(self.groups[rank].pid)
        for process in (launcher, *launcher.children(recursive=True)):
            process.send_signal(number)

    def end(self, rank):
        """Return a group's exit code and what it wrote."""
        out, _ = self.groups[rank].communicate(timeout=600)
        return self.groups[rank].returncode, out


@pytest.fixture
def start(video_folder, tmp_path):
    """A function that starts two groups; what is left of them is killed at the end."""
    started = []

    def start_groups(timeout, *options, **variables):
        config = demo_config(
            'vclr', video_folder, tmp_path / 'run', 2, env_cfg__dist_cfg__timeout=timeout
        )
        started.append(Groups(config, tmp_path, options, **variables))
        return started[-1]

    yield start_groups
    for groups in started:
        for rank, group in enumerate(groups.groups):
            if group.poll() is None:
                groups.send(rank, signal.SIGKILL)
            group.communicate()


def wait_for(path, groups):
    while not path.exists():
        assert all(group.poll() is None for group in groups.groups), groups.end(0)
        time.sleep(0.1)


def train_in_one_group(config):
    config.launcher = 'pytorch'
    train_and_draw(config)


def lose(start, tmp_path, timeout, rank, number):
    """Send a signal to a group within the training; return the seconds until the other ends."""
    groups = start(timeout)
    wait_for(tmp_path / 'run/iter_2.pth', groups)
    groups.send(rank, number)
    begin = time.monotonic()
    code, said = groups.end(1 - rank)
    assert code == 1, said
    assert f'process {1 - rank} of 2 (counted from 0) lost the others: one of them ended' in said
    assert 'did not answer within `env_cfg.dist_cfg.timeout` seconds' in said
    assert 'start all of them again with --resume' in said
    assert not (tmp_path / 'run/iter_8.pth').exists()
    return time.monotonic() - begin


@pytest.mark.slow
def test_a_group_that_dies_ends_the_other_and_both_resume(start, video_folder, tmp_path):
    assert lose(start, tmp_path, PATIENT, 1, signal.SIGKILL) < PATIENT / 2
    groups = start(PATIENT, '--resume')
    for rank in (0, 1):
        code, said = groups.end(rank)
        assert code == 0, said
    config = demo_config('vclr', video_folder, tmp_path / 'one_group', 2)
    run_on_processes(train_in_one_group, 2, config)
    assert_same_end(tmp_path / 'run', tmp_path / 'one_group')


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('rank', [0, 1])
def test_a_process_that_dies_is_started_again_with_the_others(start, video_folder, tmp_path, rank):
    groups = start(PATIENT, MAX_RESTARTS=3)
    wait_for(tmp_path / 'run/iter_2.pth', groups)
    for process in psutil.Process(groups.groups[rank].pid).children():
        process.kill()
    for each in (0, 1):
        code, said = groups.end(each)
        assert code == 0, said
        assert ': the training resumes from its last checkpoint' in said
    config = demo_config('vclr', video_folder, tmp_path / 'one_group', 2)
    run_on_processes(train_in_one_group, 2, config)
    assert_same_end(tmp_path / 'run', tmp_path / 'one_group')


@pytest.mark.slow
@pytest.mark.full
def test_the_first_group_dies(start, tmp_path):
    """The one at whose address the groups meet."""
    assert lose(start, tmp_path, PATIENT, 0, signal.SIGKILL) < PATIENT / 2


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('rank', [0, 1])
def test_a_silent_group_ends_the_other_in_time(start, tmp_path, rank):
    seconds = lose(start, tmp_path, IMPATIENT, rank, signal.SIGSTOP)
    assert IMPATIENT - 2 < seconds < 3 * IMPATIENT
