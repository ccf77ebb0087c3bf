"""The list of bad videos survives any file name and any damage."""

import ast
import os
import signal

import pytest
from mmengine.hooks import Hook

from tests.test_engine.test_training import config
from tests.tiny import TinyViews
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.stop_signals import TrainingStopped
from vsslbox.registry import DATASETS, HOOKS
from vsslbox.utils import escaped

NAMES = [
    'plain name.mp4',
    'wörld, 世界.mp4',
    'line\nbreak.mp4',
    'tab\tand\rreturn.mp4',
    'back\\slash\\n.mp4',
    'other\u2028breaks\x85\x0b.mp4',
    'private \ue000 \U000e0001.mp4',
    os.fsdecode(b'latin-\xe9\xff.mp4'),
]


@DATASETS.register_module()
class BadNames(TinyViews):
    """Every sample replaces videos of unusual names."""

    def __getitem__(self, key):
        sample = super().__getitem__(key)
        notes = [(name, f'cannot read {name}') for name in NAMES]
        sample['data_samples'].set_metainfo(dict(bad_videos=notes))
        return sample


def train(work_dir, epochs=1, **kwargs):
    cfg = config(work_dir, **kwargs)
    cfg.log_level = 'WARNING'
    # Runs that begin in one second would share a logger, whose stream the first one closes.
    cfg.experiment_name = f'{work_dir.name}_{epochs}'
    cfg.train_cfg.max_epochs = epochs
    cfg.train_dataloader.dataset = dict(type='BadNames')
    cfg.custom_hooks = [dict(type='BadVideoHook', max_share=0.5)]
    build_runner(cfg).train()
    return (work_dir / 'bad_videos.txt').read_bytes()


def test_any_name_is_listed_once(tmp_path):
    written = train(tmp_path)
    lines = written.decode().splitlines()
    assert [line.split('\t')[0] for line in lines] == [escaped(name) for name in NAMES]
    assert 'plain name.mp4\tcannot read plain name.mp4' in lines
    assert 'line\\nbreak.mp4\tcannot read line break.mp4' in lines
    assert train(tmp_path, epochs=2, resume=True) == written


@HOOKS.register_module()
class SignalHook(Hook):
    """Send this process a signal in the first iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_loses_no_notes(tmp_path):
    cfg = config(tmp_path, custom_hooks=[dict(type='SignalHook')])
    cfg.train_dataloader.dataset = dict(type='BadNames')
    cfg.default_hooks.bad_videos = dict(type='BadVideoHook', max_share=0.5)
    with pytest.raises(TrainingStopped):
        build_runner(cfg).train()
    assert len((tmp_path / 'bad_videos.txt').read_text().splitlines()) == len(NAMES)


@pytest.mark.parametrize('name', NAMES[:-1])
def test_escapes_are_pythons(name):
    assert ast.literal_eval(f"'{escaped(name)}'") == name


def test_bytes_that_are_not_utf8_are_shown():
    assert escaped(NAMES[-1]) == r'latin-\xe9\xff.mp4'
    assert len({*map(escaped, [*NAMES, *map(escaped, NAMES)])}) == 2 * len(NAMES) - 2


@pytest.mark.slow
@pytest.mark.parametrize(
    'damage', [b'no tab\n', b'\xff\tnot text\n', b'\0\0\0\0', b'a\tb\tc\n', b'cut sho']
)
def test_a_damaged_list_is_continued(tmp_path, capfd, damage):
    written = train(tmp_path)
    first = written.splitlines(keepends=True)[0]
    (tmp_path / 'bad_videos.txt').write_bytes(first + damage)
    assert train(tmp_path, epochs=2, resume=True) == written
    assert 'skipping a damaged line: ' in capfd.readouterr().out


@pytest.mark.slow
def test_a_kill_while_writing_leaves_the_list_of_before(tmp_path, monkeypatch):
    written = train(tmp_path)
    monkeypatch.setattr('vsslbox.utils.paths.os.replace', None)
    first = written.splitlines(keepends=True)[0]
    (tmp_path / 'bad_videos.txt').write_bytes(first)
    with pytest.raises(TypeError):
        train(tmp_path, epochs=2, resume=True)
    assert (tmp_path / 'bad_videos.txt').read_bytes() == first
