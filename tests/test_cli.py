"""The command line tools, as a user calls them."""

import argparse
import json
import os
import subprocess
import sys

import pytest
import torch

from tests.conftest import REPO
from tests.tools import run_tool
from vsslbox.apis.command_line import read_config, run_command
from vsslbox.config import ConfigError, parse_value

PRETRAIN = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'
RETRIEVAL = 'configs/demo/retrieval_r18w16_64px.py'
SMALL = [
    'train_dataloader.batch_size=4',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'train_cfg.max_epochs=2',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.logger.interval=1',
]


def run_script(script, *arguments, **env):
    return subprocess.run(
        ['bash', f'tools/{script}', *map(str, arguments)],
        cwd=REPO,
        env={**os.environ, 'PYTHONPATH': str(REPO), 'OMP_NUM_THREADS': '1', **env},
        capture_output=True,
        text=True,
        timeout=600,
    )


def train(*arguments, options=()):
    return run_tool('train.py', PRETRAIN, *arguments, '--cfg-options', *SMALL, *options)


def assert_one_message(result, *expected):
    assert result.returncode != 0
    assert 'Traceback' not in result.stderr
    message = result.stderr[result.stderr.index('error: ') :]
    for text in expected:
        assert text in message, message


@pytest.fixture(scope='module')
def trained(video_folder, tmp_path_factory):
    """A work directory of a short pretraining on a plain folder of videos."""
    work_dir = tmp_path_factory.mktemp('trained')
    result = train('--data-root', video_folder, '--work-dir', work_dir)
    assert result.returncode == 0, result.stderr
    return work_dir


@pytest.fixture(scope='module')
def labelled(video_folder):
    """The same folder with a list."""
    rows = [f'video{i}.mp4,{"train" if i < 4 else "test"},{i % 2},0,{i % 2}' for i in range(8)]
    (video_folder / 'videos.csv').write_text(
        '\n'.join(['path,split,appearance,motion,joint', *rows])
    )
    return video_folder


@pytest.mark.slow
def test_training_logs_all_losses(trained):
    log = next(trained.glob('*/vis_data/scalars.json')).read_text().splitlines()
    rows = [row for row in map(json.loads, log) if 'loss' in row]
    assert len(rows) == 4  # two epochs of two batches
    assert {'loss_inter', 'loss_intra', 'loss_video', 'loss_order', 'grad_norm'} <= set(rows[0])
    assert (trained / 'epoch_2.pth').is_file()


@pytest.mark.slow
def test_test_writes_traceable_metrics(trained, labelled, tmp_path):
    out = tmp_path / 'metrics.json'
    for source in (['--random-init'], [trained / 'epoch_2.pth']):
        result = run_tool(
            'test.py', RETRIEVAL, *source, '--data-root', labelled,
            '--work-dir', tmp_path, '--out', out,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        record = json.loads(out.read_text())
        assert record['queries']['videos'] == record['gallery']['videos'] == 4
        assert record['queries']['list_sha256'] != record['gallery']['list_sha256']
        assert 0 <= record['metrics']['retrieval/appearance/R@1'] <= 100
        assert (record['checkpoint_sha256'] is None) == (source == ['--random-init'])


CLOSING = """
from pathlib import Path

import torch.distributed as dist
from torch import nn

from vsslbox.apis.command_line import run_command
from vsslbox.engine.stop_signals import TrainingStopped


def group_threads():
    return [path for path in Path('/proc/self/task').glob('*/comm') if 'gloo' in path.read_text()]


def main():
    dist.init_process_group('gloo', init_method='file://{file}', rank=0, world_size=1)
    cycle = [nn.parallel.DistributedDataParallel(nn.Linear(2, 2))]
    cycle.append(cycle)
    assert group_threads()
    if {stopped}:
        raise TrainingStopped(143)


try:
    run_command(main)
except SystemExit as ended:
    assert ended.code == 143
assert not group_threads()
"""


@pytest.mark.parametrize('stopped', [False, True])
def test_threads_of_a_process_group_end_with_the_command(stopped, tmp_path):
    code = CLOSING.format(file=tmp_path / 'rendezvous', stopped=stopped)
    subprocess.run([sys.executable, '-c', code], cwd=REPO, check=True, timeout=300)


@pytest.mark.slow
def test_two_processes_train_and_test(labelled, tmp_path):
    result = run_script(
        'dist_train.sh', PRETRAIN, 2, '--data-root', labelled, '--work-dir', tmp_path,
        '--cfg-options', *SMALL, 'train_dataloader.batch_size=2', PORT='29511',
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    result = run_script(
        'dist_test.sh', RETRIEVAL, tmp_path / 'epoch_2.pth', 2, '--data-root', labelled,
        '--work-dir', tmp_path / 'two', PORT='29511',
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    result = run_tool(
        'test.py', RETRIEVAL, tmp_path / 'epoch_2.pth',
        '--data-root', labelled, '--work-dir', tmp_path / 'one',
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    records = [json.loads((tmp_path / d / 'metrics.json').read_text()) for d in ('one', 'two')]
    assert records[0]['metrics'] == records[1]['metrics']


@pytest.mark.slow
def test_a_resumed_run_ends_like_an_uninterrupted_one(trained, video_folder, tmp_path):
    """One epoch, resumed for a second, gives the weights of a run of two."""
    first = train(
        '--data-root', video_folder, '--work-dir', tmp_path, options=['train_cfg.max_epochs=1']
    )
    assert first.returncode == 0, first.stderr
    second = train('--data-root', video_folder, '--work-dir', tmp_path, '--resume')
    assert second.returncode == 0, second.stderr
    states = [torch.load(d / 'epoch_2.pth')['state_dict'] for d in (trained, tmp_path)]
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@pytest.mark.slow
def test_mixed_precision(video_folder, tmp_path):
    result = train('--data-root', video_folder, '--work-dir', tmp_path, '--amp')
    assert result.returncode == 0, result.stderr


def test_absent_folder(tmp_path):
    result = train('--data-root', tmp_path / 'nowhere', '--work-dir', tmp_path)
    assert_one_message(result, 'nowhere')


def test_empty_folder(tmp_path):
    (tmp_path / 'empty').mkdir()
    result = train('--data-root', tmp_path / 'empty', '--work-dir', tmp_path)
    assert_one_message(result, str(tmp_path / 'empty'), 'no video')


def test_list_with_a_missing_file(video_folder, tmp_path):
    (tmp_path / 'list.txt').write_text(f'{video_folder}/video0.mp4 0\n{tmp_path}/gone.mp4 1\n')
    result = train(
        '--data-root', tmp_path, '--work-dir', tmp_path,
        options=['train_dataloader.dataset.ann_file=list.txt'],
    )  # fmt: skip
    assert_one_message(result, 'list.txt', 'gone.mp4')


def test_broken_line(video_folder, tmp_path):
    (tmp_path / 'list.txt').write_text(f'{video_folder}/video0.mp4 0\nvideo1.mp4 zero\n')
    result = train(
        '--data-root', tmp_path, '--work-dir', tmp_path,
        options=['train_dataloader.dataset.ann_file=list.txt'],
    )  # fmt: skip
    assert_one_message(result, 'list.txt:2', 'video1.mp4 zero')


def test_unknown_config_keys_are_reported_together(video_folder, tmp_path):
    result = train(
        '--data-root', video_folder, '--work-dir', tmp_path,
        options=['model.momentumm=0.9', 'model.neck.type=MLPNek'],
    )  # fmt: skip
    assert_one_message(result, 'model.momentumm', 'momentum', 'model.neck', 'MLPNeck')


def test_absent_config():
    result = run_tool('train.py', 'configs/nothing.py')
    assert_one_message(result, 'no config file at configs/nothing.py')


def test_checkpoint_of_another_model(trained, labelled, tmp_path):
    result = run_tool(
        'test.py', RETRIEVAL, trained / 'epoch_2.pth',
        '--data-root', labelled, '--work-dir', tmp_path,
        '--cfg-options', 'model.backbone.depth=34',
    )  # fmt: skip
    assert_one_message(result, 'epoch_2.pth')


@pytest.mark.parametrize('content', [b'', b'not a checkpoint'])
def test_a_file_that_is_not_a_checkpoint(content, labelled, tmp_path):
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    result = run_tool(
        'test.py', RETRIEVAL, path, '--data-root', labelled,
        '--work-dir', tmp_path,
    )  # fmt: skip
    assert_one_message(result, 'broken.pth')


def test_config_without_a_protocol(tmp_path):
    result = run_tool('test.py', PRETRAIN, '--random-init')
    assert_one_message(result, 'has no test_cfg')


def test_config_without_training():
    result = run_tool('train.py', RETRIEVAL)
    assert_one_message(result, 'has no train_cfg')


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ("model = dict(type='VCLR'\n", "SyntaxError: '(' was never closed"),
        ('model = dict(type=undefined)\n', "NameError: name 'undefined' is not defined"),
        ("_base_ = 'absent.py'\n", 'absent.py'),
    ],
)
def test_broken_config(tmp_path, text, expected):
    (tmp_path / 'broken.py').write_text(text)
    result = run_tool('train.py', tmp_path / 'broken.py')
    assert_one_message(result, expected)


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('model.momentum', 'takes KEY=VALUE, such as model.momentum=0.99, got model.momentum'),
        ('a=[1,(2', "a=[1,(2: a comma or ')' is missing"),
    ],
)
def test_malformed_options(option, message):
    result = run_tool('train.py', PRETRAIN, '--cfg-options', option)
    assert_one_message(result, f'--cfg-options {message}')


@pytest.mark.parametrize('value', ["dict(imports=['no_such_module'])", '5', 'dict(impots=[])'])
def test_custom_imports_that_cannot_be_imported(value):
    args = argparse.Namespace(
        config=PRETRAIN, data_root=None, cfg_options=dict(custom_imports=parse_value(value))
    )
    with pytest.raises(
        ConfigError, match=r'--cfg-options custom_imports=\.\.\. must be dict\(imports='
    ):
        read_config(args)


def test_ctrl_c_is_no_error(capsys):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run_command(interrupted)
    assert ended.value.code == 130
    assert capsys.readouterr().err == '\ninterrupted\n'


def test_launcher_without_its_processes():
    result = run_tool('train.py', PRETRAIN, '--launcher', 'pytorch')
    assert_one_message(result, '--launcher pytorch', 'RANK is not set', 'dist_train.sh')


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('model.backbone.depth=99', '`model` cannot be built from the config: KeyError'),
        ('optim_wrapper.optimizer.lr=-1', '`optim_wrapper` cannot be built'),
        ('train_cfg.max_epochs=two', "train_cfg.max_epochs: is 'two'; give a whole number"),
        ('train_dataloader.prefetch_factor=2', 'prefetch_factor: is 2 without workers'),
        ('randomness.seed=-1', 'Seed must be between 0'),
        ('optim_wrapper=None', 'optim_wrapper should be'),
    ],
)
@pytest.mark.slow
def test_values_that_components_refuse(video_folder, tmp_path, option, expected):
    result = train('--data-root', video_folder, '--work-dir', tmp_path, options=[option])
    assert_one_message(result, expected)


def test_segments_too_few_for_the_order_task(video_folder, tmp_path):
    result = train(
        '--data-root', video_folder, '--work-dir', tmp_path,
        options=['model.num_segments=2'],
    )  # fmt: skip
    assert_one_message(result, 'at least 3 segments, got 2')


@pytest.mark.slow
def test_bad_videos_are_replaced_and_listed(video_folder, tmp_path):
    data = tmp_path / 'data'
    data.mkdir()
    for source in video_folder.glob('*.mp4'):
        (data / source.name).symlink_to(source)
    (data / 'broken.mp4').write_bytes(b'not a video')
    hook = 'default_hooks.bad_videos'
    options = [f'{hook}.type=BadVideoHook', f'{hook}.max_share=0.2']
    result = train('--data-root', data, '--work-dir', tmp_path / 'run', options=options)
    assert result.returncode == 0, result.stderr
    listed = (tmp_path / 'run' / 'bad_videos.txt').read_text().splitlines()
    assert len(listed) == 1
    assert listed[0].startswith(str(data / 'broken.mp4') + '\t')
    result = train('--data-root', data, '--work-dir', tmp_path / 'strict')
    assert_one_message(result, '1 of 9 videos cannot be read', 'bad_videos.txt', 'max_share=...')


@pytest.mark.slow
def test_demo_from_videos_to_report(tmp_path):
    """A small demonstration; no test checks what the full one learns."""
    work_dir, data = tmp_path / 'work', tmp_path / 'data'
    result = run_tool(
        'demo.py', '--work-dir', work_dir, '--data', data,
        '--videos', 48, '--epochs', 3,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert 'retrieval/appearance/R@1' in result.stdout
    record = json.loads((work_dir / 'metrics.json').read_text())
    assert record['random'].keys() == record['pretrained'].keys()
    assert record['details']['queries']['videos'] == 12
    trained_on = (work_dir / 'train').glob('*/*.log')
    assert str(data / 'train') in next(trained_on).read_text()  # held-out videos stay held out
    report = (work_dir / 'report.html').read_text()
    assert report.count('<img') >= 12 * 6
    assert 'loss_order' in report
