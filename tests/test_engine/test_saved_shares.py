"""Checkpoints to which each process writes its share, and what resumes from them."""

import os
import pickle
import shutil

import pytest

from tests.distributed import run_on_processes
from tests.tools import run_tool
from tests.training import assert_same, assert_same_end, demo_config
from vsslbox.apis.command_line import build_runner
from vsslbox.checkpoints import CheckpointError, checkpoints_in, load_checkpoint
from vsslbox.checkpoints.shares import is_in_shares, load_shares
from vsslbox.utils import restore_former, whole_file, whole_folder

SHARES = dict(save_shares=True)


def train_each(configs):
    for cfg in configs:
        cfg.launcher = 'pytorch'
        build_runner(cfg).train()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('saved')


@pytest.fixture(scope='module')
def config(video_folder, folder):
    """A function that returns the config of a training, from a checkpoint if one is given."""

    def cfg(name, num_processes, load_from=None, **options):
        cfg = demo_config('vjepa2', video_folder, folder / name, num_processes, **options)
        cfg.default_hooks.recent_checkpoint.minutes = 1e-6  # after every iteration
        if load_from:
            cfg.update(resume=True, load_from=str(folder / load_from / 'iter_6.pth'))
        return cfg

    return cfg


@pytest.fixture(scope='module')
def trained(config, folder):
    """The folder of two trainings on two processes: `file` and `shares`."""
    configs = [config('file', 2, fully_shard=True), config('shares', 2, fully_shard=SHARES)]
    configs += [config('on_same', 2, load_from='shares', fully_shard=SHARES)]
    configs += [config('on_plain', 2, load_from='shares'), config('on_file', 2, load_from='file')]
    run_on_processes(train_each, 2, configs)
    return folder


def assert_equal(one, other):
    """Compare all that decides how a training goes on."""
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(one[part], other[part], part)
    for part in ('iter', 'epoch', 'seed'):
        assert one['meta'][part] == other['meta'][part]
    assert one.keys() == other.keys()


def end(work_dir):
    path = checkpoints_in(work_dir)[0]
    return load_shares(path) if path.is_dir() else load_checkpoint(path)


@pytest.mark.slow
def test_shares_are_those_of_the_file(trained):
    """Each process writes about half of the bytes, and together they are the file."""
    path = trained / 'shares' / 'iter_8.pth'
    assert_equal(end(trained / 'shares'), end(trained / 'file'))
    sizes = [share.stat().st_size for share in path.glob('__?_0.distcp')]
    assert len(sizes) == 2
    assert max(sizes) < 1.2 * min(sizes)
    assert sum(sizes) > 0.7 * (trained / 'file' / 'iter_8.pth').stat().st_size
    assert (trained / 'shares' / 'last_checkpoint').read_text() == str(path)
    names = sorted(p.name for p in path.parent.glob('*.pth'))
    assert names == ['iter_6.pth', 'iter_7.pth', 'iter_8.pth', 'recent.pth']  # of max_keep_ckpts 3
    assert checkpoints_in(path.parent)[0] == path


def test_two_processes_resume(trained):
    assert_equal(end(trained / 'on_same'), end(trained / 'shares'))
    assert_same_end(trained / 'on_plain', trained / 'on_file')  # neither holds shares


@pytest.mark.slow
def test_three_processes_resume(trained, config):
    """As from the file, bit for bit."""
    names = ['file_on_3', 'shares_on_3']
    configs = [
        config(name, 3, load_from=name.removesuffix('_on_3'), fully_shard=SHARES) for name in names
    ]
    run_on_processes(train_each, 3, configs)
    assert end(trained / names[0])['meta']['epoch'] == 3
    assert_equal(*(end(trained / name) for name in names))


@pytest.mark.slow
def test_one_process_resumes_by_itself(trained, config):
    """It passes over a damaged folder; files take the places of folders of the same name."""
    work_dir = trained / 'alone'
    shutil.copytree(trained / 'shares', work_dir, ignore=shutil.ignore_patterns('iter_[78].pth'))
    shutil.rmtree(work_dir / 'recent.pth')
    shutil.copytree(work_dir / 'iter_6.pth', work_dir / 'iter_7.pth')
    (work_dir / 'iter_7.pth' / '.metadata').unlink()
    alone = config('alone', 1, default_hooks__checkpoint__max_keep_ckpts=-1)
    alone.resume = True
    for cfg in (alone, config('on_one', 1, load_from='file')):
        build_runner(cfg).train()
    kinds = {path.name: path.is_dir() for path in work_dir.glob('iter_*.pth')}
    assert kinds == {'iter_6.pth': True, 'iter_7.pth': False, 'iter_8.pth': False}
    assert_equal(end(work_dir), end(trained / 'on_one'))


def test_a_join_is_the_file(trained):
    path, out = trained / 'shares' / 'iter_8.pth', trained / 'joined' / 'iter_8.pth'
    result = run_tool('convert/join_shares.py', path, out)
    assert result.returncode == 0, result.stderr
    assert_equal(end(trained / 'joined'), end(trained / 'file'))
    result = run_tool('convert/join_shares.py', out, out.with_name('again.pth'))
    assert f'{out} is not the folder of a checkpoint in shares' in result.stderr
    with pytest.raises(Exception, match=r'is a folder: .*join_shares.py .*iter_8.pth OUT.pth'):
        load_checkpoint(path)


class Code:
    def __reduce__(self):
        return os.system, ('true',)


def cut_table(path):
    table = path / '.metadata'
    table.write_bytes(table.read_bytes()[:-40])


def cut_share(path):
    share = path / '__1_0.distcp'
    share.write_bytes(share.read_bytes()[: share.stat().st_size // 2])


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (cut_table, 'is damaged, cut short or not a checkpoint in shares: UnpicklingError'),
        (cut_share, 'is damaged, cut short or not'),
        (lambda path: (path / '__1_0.distcp').unlink(), 'FileNotFoundError'),
        (
            lambda path: (path / '.metadata').write_bytes(pickle.dumps(Code())),
            'it holds posix.system, which may run code',
        ),
    ],
)
def test_damaged_folders_are_told(trained, tmp_path, damage, message):
    path = shutil.copytree(trained / 'shares' / 'iter_8.pth', tmp_path / 'iter_8.pth')
    assert is_in_shares(path)
    damage(path)
    with pytest.raises(CheckpointError, match=message):
        load_shares(path)


def write(path, text):
    with whole_folder(path) as unfinished:
        unfinished.mkdir()
        (unfinished / 'text').write_text(text)


def test_folders_are_replaced_as_a_whole(tmp_path, monkeypatch):
    """A process that is killed leaves the former content or the new one, under the name."""
    path = tmp_path / 'x.pth'
    path.write_text('a file')
    write(path, 'one')
    write(path, 'two')
    assert [p.name for p in tmp_path.iterdir()] == ['x.pth']
    assert (path / 'text').read_text() == 'two'

    def killed(source, target):
        if target == path:
            raise SystemExit
        rename(source, target)

    rename = os.replace
    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', killed)
        with pytest.raises(SystemExit):
            write(path, 'three')
    assert not path.exists()
    (tmp_path / 'y.unfinished').mkdir()
    restore_former(tmp_path)
    assert (path / 'text').read_text() == 'two'
    with whole_file(path, replaces_folder=True) as unfinished:
        unfinished.write_text('four')
    assert [p.name for p in tmp_path.iterdir()] == ['x.pth']
    assert path.read_text() == 'four'
