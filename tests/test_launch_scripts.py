"""The launch scripts pass the right arguments to stand-ins for python and srun."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent / 'tools'


@pytest.fixture
def launch(tmp_path):
    """Run a script with stand-ins that print their arguments and PYTHONPATH, one on each line."""
    for program in ('python', 'srun'):
        stand_in = tmp_path / program
        stand_in.write_text(
            f'#!/bin/sh\necho {program}\nprintf "%s\\n" "$@" "PYTHONPATH=$PYTHONPATH"\n'
        )
        stand_in.chmod(0o755)

    def run(script: str, *args: str, **variables: str) -> subprocess.CompletedProcess:
        env = {'PATH': f'{tmp_path}:{os.environ["PATH"]}', **variables}
        command = ['bash', str(TOOLS / script), *args]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)

    return run


def words(done: subprocess.CompletedProcess) -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def option(printed: list[str], name: str) -> str:
    return printed[printed.index(name) + 1]


def test_dist_train_starts_its_processes_on_this_machine(launch):
    printed = words(launch('dist_train.sh', 'a config.py', '2', '--cfg-options', 'a.b=[1, 2]'))
    assert printed[:2] == ['python', str(TOOLS / 'launch.py')]
    assert option(printed, '--nproc-per-node') == '2'
    assert option(printed, '--nnodes') == '1'
    assert option(printed, '--node-rank') == '0'
    assert printed[-7:] == [
        str(TOOLS / 'train.py'),
        'a config.py',
        '--cfg-options',
        'a.b=[1, 2]',
        '--launcher',
        'pytorch',
        f'PYTHONPATH={TOOLS.parent}',
    ]


def test_dist_test_joins_a_run_on_several_machines(launch):
    machines = dict(NNODES='4', NODE_RANK='3', MASTER_ADDR='head', PORT='1234', PYTHONPATH='mine')
    printed = words(launch('dist_test.sh', 'config.py', 'last.pth', '8', **machines))
    assert option(printed, '--nnodes') == '4'
    assert option(printed, '--node-rank') == '3'
    assert option(printed, '--master-addr') == 'head'
    assert option(printed, '--master-port') == '1234'
    assert printed[-6:-3] == [str(TOOLS / 'test.py'), 'config.py', 'last.pth']
    assert printed[-1] == f'PYTHONPATH={TOOLS.parent}:mine'


def test_machines_that_start_again_meet_by_themselves(launch):
    machines = dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='head', PORT='1234', MAX_RESTARTS='3')
    printed = words(launch('dist_train.sh', 'config.py', '8', **machines))
    assert option(printed, '--max-restarts') == '3'
    assert option(printed, '--rdzv-backend') == 'c10d'
    assert option(printed, '--rdzv-endpoint') == 'head:1234'
    assert option(printed, '--nnodes') == '2'
    assert not {'--node-rank', '--master-addr', '--master-port'} & set(printed)
    assert '--max-restarts' not in words(launch('dist_train.sh', 'config.py', '8'))


@pytest.mark.parametrize(
    ('variables', 'tasks', 'per_node'),
    [
        ({}, '8', '8'),
        (dict(GPUS='4'), '4', '4'),
        (dict(GPUS='16', GPUS_PER_NODE='2'), '16', '2'),
    ],
)
def test_slurm_train_requests_a_gpu_for_each_task(launch, variables, tasks, per_node):
    printed = words(launch('slurm_train.sh', 'gpu', 'vclr', 'config.py', '--amp', **variables))
    assert printed[0] == 'srun'
    assert option(printed, '--partition') == 'gpu'
    assert option(printed, '--job-name') == 'vclr'
    assert option(printed, '--ntasks') == tasks
    assert option(printed, '--ntasks-per-node') == per_node
    assert option(printed, '--gres') == f'gpu:{per_node}'
    assert printed[-5:-1] == ['config.py', '--amp', '--launcher', 'slurm']


def test_slurm_test_passes_on_the_options_of_srun(launch):
    arguments = ('gpu', 'vclr', 'config.py', 'last.pth')
    printed = words(launch('slurm_test.sh', *arguments, SRUN_ARGS='--quiet --exclude=node7'))
    before_python = printed[: printed.index('python')]
    assert before_python[-2:] == ['--quiet', '--exclude=node7']
    assert printed[-6:-1] == [
        str(TOOLS / 'test.py'),
        'config.py',
        'last.pth',
        '--launcher',
        'slurm',
    ]


@pytest.mark.parametrize(
    ('script', 'arguments'),
    [
        ('dist_train.sh', 'CONFIG NUM_PROC'),
        ('dist_test.sh', 'CONFIG CHECKPOINT NUM_PROC'),
        ('slurm_train.sh', 'PARTITION JOB_NAME CONFIG'),
        ('slurm_test.sh', 'PARTITION JOB_NAME CONFIG CHECKPOINT'),
    ],
)
def test_a_missing_argument_is_answered_by_the_usage(launch, script, arguments):
    one_too_few = arguments.split()[1:]
    done = launch(script, *one_too_few)
    assert done.returncode == 2
    assert done.stdout == ''
    assert f'{script} {arguments} [ARGUMENTS OF ' in done.stderr


def test_demo_leaderboard_trains_with_three_seeds_and_measures_them(tmp_path):
    """A copy of the script, beside an environment that is a stand-in."""
    tools = tmp_path / 'tools'
    tools.mkdir()
    shutil.copy(TOOLS / 'demo_leaderboard.sh', tools)
    (tools / 'environment.sh').write_text(
        f'VSSLBOX_ROOT={tmp_path}\nuse_environment() {{ :; }}\npython() {{ echo "python $*"; }}\n'
    )
    out = tmp_path / 'out'

    def lines(*args: str) -> list[str]:
        command = ['bash', str(tools / 'demo_leaderboard.sh'), *args]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return [str(done.returncode), *done.stdout.splitlines(), *done.stderr.splitlines()]

    assert lines('sprites', 'out', 'cvrl_r3d18w16_1xb32-8x3-64px') == [
        '0',
        f'python tools/data/make_demo_videos.py {out}/sprites --videos 480 --seed 0',
        'python tools/sweep.py configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py '
        f'--data-root {out}/sprites/train --epochs 40 --seeds 0,1,2 --work-dir {out}/sprites-runs',
        'python tools/leaderboard.py '
        f'cvrl_r3d18w16={out}/sprites-runs/cvrl_r3d18w16_1xb32-8x3-64px/**/epoch_40.pth '
        f'--data-root {out}/sprites --labels appearance motion --protocols knn linear svm low_shot '
        '--columns knn/*/top1 linear/*/top1 svm/*/top1 low_shot/*/10_per_class '
        f'--work-dir {out}/sprites-leaderboard',
        'python tools/leaderboard.py '
        f'cvrl_r3d18w16={out}/sprites-runs/cvrl_r3d18w16_1xb32-8x3-64px/**/seed0/epoch_40.pth '
        f'--data-root {out}/sprites --labels appearance motion --protocols retrieval temporal '
        'robustness --settings robustness.severities=[1,3,5] --columns retrieval/*/R@1 '
        'temporal/motion/reversed/flips robustness/*/relative_drop --random-seeds 1 '
        f'--work-dir {out}/sprites-further',
    ]
    assert lines('sprite', 'out') == ['2', 'vsslbox: the videos are motion or sprites, not sprite']
    configs = [word for line in lines('motion', 'out') for word in line.split() if '.py' in word]
    missing = [name for name in configs if not (TOOLS.parent / name).is_file()]
    assert len(configs) > 8 and not missing
