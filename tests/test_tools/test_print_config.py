"""What a config resolves to, and what differs between two, on the command line."""

import runpy
import sys

import pytest
from mmengine.config import Config

from tests.conftest import REPO

FIRST = """
clip_len = 4
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(type='S', clip_len=clip_len))))
train_cfg = dict(max_epochs=3)
"""
SECOND = """
_base_ = 'first.py'
clip_len = 8
train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(clip_len=clip_len))))
work_dir = 'out'
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the tool on the configs above, and return what it prints."""
    for name, text in (('first.py', FIRST), ('second.py', SECOND)):
        (tmp_path / name).write_text(text)

    def run(*words: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, 'argv', ['print_config.py', *words])
        runpy.run_path(str(REPO / 'tools' / 'print_config.py'), run_name='__main__')
        return capsys.readouterr().out

    return run


def test_what_is_printed_is_the_resolved_config(run, tmp_path):
    printed = run('second.py')
    (tmp_path / 'printed.py').write_text(printed)
    expected = Config.fromfile(tmp_path / 'second.py').to_dict()
    del expected['clip_len']
    assert Config.fromfile(tmp_path / 'printed.py').to_dict() == expected
    assert "pipeline=dict(sample=dict(type='S', clip_len=8))" in printed


def test_own_variables_are_printed_on_demand(run):
    assert run('second.py', '--all').startswith('clip_len = 8\n')


def test_values_are_replaced(run):
    place = 'train_dataloader.dataset.pipeline.sample.clip_len'
    assert 'clip_len=6' in run('first.py', '--cfg-options', f'{place}=6')


def test_malformed_options_are_one_message(run, capsys):
    with pytest.raises(SystemExit):
        run('first.py', '--cfg-options', 'work_dir')
    assert '--cfg-options takes KEY=VALUE, such as' in capsys.readouterr().err


def test_the_difference_is_a_line_a_place(run):
    assert run('first.py', '--diff', 'second.py').splitlines() == [
        'train_dataloader.dataset.pipeline.sample.clip_len: 4 -> 8',
        "work_dir: absent -> 'out'",
    ]
    options = ('--cfg-options', 'train_cfg.max_epochs=7')
    assert run('first.py', *options, '--diff', 'first.py').splitlines() == [
        'train_cfg.max_epochs: 7 -> 3'
    ]


def test_an_absent_config_is_one_message(run, capsys):
    with pytest.raises(SystemExit):
        run('first.py', '--diff', 'third.py')
    assert 'error: no config file at third.py' in capsys.readouterr().err
