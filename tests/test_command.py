"""The command `vsslbox` runs the tools, from any folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from tests.conftest import REPO
from tests.tools import run_vsslbox
from vsslbox.apis.command import COMMANDS
from vsslbox.config import find_config

DEMO = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'


@pytest.mark.slow
def test_the_overview_names_every_command(tmp_path):
    """In an interpreter of its own, as a user starts it; the others are forks."""
    command = [sys.executable, '-m', 'vsslbox', '--help']
    env = dict(PYTHONPATH=str(REPO), PATH='')
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0
    shown = {line.split()[0] for line in done.stdout.splitlines() if line.startswith('  ')}
    assert shown == set(COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_is_a_tool(name):
    source = (REPO / 'tools' / COMMANDS[name]).read_text('utf-8')
    assert '\ndef main() -> None:\n' in source and 'run_command(main)' in source
    # Its help has an example.
    assert f'\npython tools/{COMMANDS[name]} ' in source and 'tool_parser(__doc__' in source


def test_help_names_the_command(tmp_path):
    done = run_vsslbox('zoo', '--help', cwd=tmp_path, PATH='')
    assert done.returncode == 0
    assert done.stdout.startswith('usage: vsslbox zoo ')
    assert '\nvsslbox zoo ' in done.stdout and 'tools/' not in done.stdout


def test_a_tool_runs_outside_the_checkout(tmp_path):
    by_path = run_vsslbox('config', DEMO, cwd=tmp_path, PATH='')
    by_name = run_vsslbox('config', Path(DEMO).stem, cwd=tmp_path, PATH='')
    assert by_path.returncode == by_name.returncode == 0, by_path.stderr
    assert by_path.stdout == by_name.stdout
    (tmp_path / 'shown.py').write_text(by_path.stdout)
    shown = Config.fromfile(tmp_path / 'shown.py')
    assert shown.train_cfg == Config.fromfile(REPO / DEMO).train_cfg


def test_an_error_is_a_message_and_the_exit_status(tmp_path):
    done = run_vsslbox('pretrain', 'nothing.py', cwd=tmp_path, PATH='')
    assert done.returncode == 1
    assert 'error: no config file at nothing.py' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('word', 'hint'), [('pretrian', 'did you mean pretrain?'), ('xyz', 'there are pretrain, ')]
)
def test_an_unknown_command_is_refused(tmp_path, word, hint):
    done = run_vsslbox(word, cwd=tmp_path, PATH='')
    assert done.returncode == 2
    assert f"no command '{word}': {hint}" in done.stderr


def test_a_file_of_the_user_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(DEMO) == str(REPO / DEMO)
    Path(DEMO).parent.mkdir(parents=True)
    Path(DEMO).write_text('a = 1\n')
    assert find_config(DEMO) == DEMO


def test_a_misspelt_config_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=rf'at {Path(DEMO).stem}s: did you mean {DEMO}\?'):
        find_config(f'{Path(DEMO).stem}s')
