"""Private names of torch, NumPy and mmengine: each still does what vsslbox needs of it."""

import ast
import inspect
import io
import multiprocessing
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from vsslbox import compat
from vsslbox.errors import InputError, VSSLBoxError

REPO = Path(__file__).resolve().parents[1]
SOURCES = [path for folder in ('vsslbox', 'tools') for path in (REPO / folder).rglob('*.py')]
TREES = {path.relative_to(REPO): ast.parse(path.read_text(encoding='utf-8')) for path in SOURCES}
INHERITED = {name for names in compat.INHERITED.values() for name in names}
# Documented in spite of their names: a method of named tuples, the parent of all schedulers.
PUBLIC = {'_asdict', '_ParamScheduler'}


def private_names_used(tree):
    """Yield the names that a file reads from objects and modules, with their owners."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node.value), node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or '', alias.name) for alias in node.names)
            yield from ((node.module or '', part) for part in (node.module or '').split('.'))


def names_defined(tree):
    """Yield the names that a file defines, as functions, classes, variables or attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr if ast.unparse(node.value) in ('self', 'cls') else ''


def test_only_compat_uses_private_names_of_others():
    ours = {name for tree in TREES.values() for name in names_defined(tree)} - INHERITED
    foreign = [
        f'{path}: {owner}.{name}'
        for path, tree in TREES.items()
        if path != Path('vsslbox/compat.py')
        for owner, name in private_names_used(tree)
        if re.match('_[^_]', name) and name not in ours | PUBLIC
        if not (name in INHERITED and owner in ('self', 'super()'))
    ]
    assert not foreign


@pytest.mark.parametrize('place', compat.INHERITED)
def test_base_classes_have_the_protected_names(place):
    module, _, name = place.rpartition('.')
    cls = getattr(__import__(module, fromlist=[name]), name)
    for name in compat.INHERITED[place]:
        assert hasattr(cls, name) or re.search(rf'self\.{name}\b.* = ', inspect.getsource(cls))


def test_checkpoints_of_mmengine_can_be_read_and_code_cannot():
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    history.mean()
    saved = dict(history=history, scalar=np.float64(3), array=np.arange(4))
    loaded = reloaded(saved)
    assert loaded['history'].mean() == 1.5
    assert loaded['scalar'] == 3
    assert (loaded['array'] == np.arange(4)).all()
    with pytest.raises(Exception, match='Weights only load failed'):
        reloaded(os.system)


def reloaded(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_getattr_is_limited_while_unpickling():
    assert compat._history_buffer_method(HistoryBuffer, 'mean') is HistoryBuffer.mean
    for owner, name in ((os, 'system'), (HistoryBuffer, '__reduce__')):
        with pytest.raises(InputError, match='refusing to unpickle'):
            compat._history_buffer_method(owner, name)


@pytest.mark.parametrize('num_iters', [1, 3])
def test_iterations_per_step(num_iters):
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=0.1)
    wrapper = OptimWrapper(optimizer, accumulative_counts=num_iters)
    assert compat.iterations_per_step(wrapper) == num_iters


def test_the_checkpoint_of_a_runner(tmp_path):
    model = torch.nn.Linear(1, 1)
    runner = Runner(model, str(tmp_path), load_from='a.pth', experiment_name='compat')
    assert compat.checkpoint_of(runner) == 'a.pth'


class Squares(Dataset):
    """Numbers; one of them raises an error."""

    def __init__(self, error=None):
        self.error = error

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if self.error is not None and index == 5:
            raise self.error
        return index * index


def loader(error=None, **kwargs):
    return DataLoader(Squares(error), batch_size=1, num_workers=2, **kwargs)


def test_workers_are_found_and_stopped():
    running = loader(persistent_workers=True)
    assert compat.worker_pids(running) == []
    compat.stop_workers(running)
    expected = [int(batch) for batch in running]
    pids = compat.worker_pids(running)
    assert len(pids) == 2
    compat.stop_workers(running)
    assert compat.worker_pids(running) == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert [int(batch) for batch in running] == expected


@pytest.mark.parametrize('error', [None, InputError('a.mp4: no frame')])
def test_workers_end_with_their_epoch_or_its_error(error):
    before = set(multiprocessing.active_children())
    seen, raised = [], None
    try:
        for batch in compat.batches_of(loader(error)):
            seen.append(int(batch))
            assert len(set(multiprocessing.active_children()) - before) == 2
    except InputError as failed:
        raised = failed  # its traceback holds the iterator
    assert seen == [number * number for number in range(8 if error is None else 5)]
    assert (raised is None) == (error is None)
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.slow
def test_the_death_of_a_worker_is_told_from_its_errors():
    running = loader(persistent_workers=True)
    with pytest.raises((RuntimeError, ConnectionError, EOFError)) as died:
        for batch in running:
            if int(batch) == 0:
                pid = compat.worker_pids(running)[0]
                os.kill(pid, signal.SIGKILL)
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # torch raises here, not later
    assert compat.tells_of_dead_worker(died.value)
    assert compat.tells_of_dead_worker(ConnectionResetError('Connection reset by peer'))
    assert compat.tells_of_dead_worker(EOFError())
    for error in (RuntimeError('DataLoader workers like this'), ConnectionError('no server')):
        with pytest.raises(type(error)) as failed:
            list(loader(error))
        assert not compat.tells_of_dead_worker(failed.value)


class Failures(Dataset):
    """Errors alone; a worker goes on after each of them."""

    def __init__(self, errors):
        self.errors = errors

    def __len__(self):
        return len(self.errors)

    def __getitem__(self, index):
        raise self.errors[index]


def error_classes(parent=VSSLBoxError):
    for child in parent.__subclasses__():
        yield child
        yield from error_classes(child)


@pytest.mark.slow
@pytest.mark.parametrize('lines', ['videos/a.mp4: no such key', 'three problems:\n  one\n\n  two'])
def test_a_workers_error_keeps_its_class_and_message(lines):
    import vsslbox.apis.command_line
    import vsslbox.engine  # noqa: F401  (all modules with errors)

    classes = list(set(error_classes()))
    assert len(classes) >= 8
    errors = Failures([cls(lines) for cls in classes])
    batches = iter(DataLoader(errors, batch_size=1, num_workers=2))
    for cls in classes:
        with pytest.raises(cls) as failed:
            next(batches)
        assert type(failed.value) is cls
        assert 'Traceback' in str(failed.value)
        assert compat.without_traceback(str(failed.value)) == lines


def test_a_message_without_a_traceback_stays():
    for message in ('', 'key: value', 'two:\n  lines'):
        assert compat.without_traceback(message) == message


@pytest.mark.slow
def test_a_chain_of_errors_ends_with_the_last_message():
    error = InputError('no column a: give one')
    error.__cause__ = KeyError('a')
    with pytest.raises(InputError) as failed:
        list(loader(error, multiprocessing_context='fork'))
    assert 'direct cause' in str(failed.value)
    assert compat.without_traceback(str(failed.value)) == 'no column a: give one'


def test_products_by_onednn_equal_those_of_torch():
    left, right = torch.randn(37, 19), torch.randn(11, 19)
    assert not compat.has_onednn_product(left.double())
    if not compat.has_onednn_product(left):
        pytest.skip('this torch has no oneDNN')
    multiply = compat.onednn_product(left, 16)
    torch.testing.assert_close(multiply(right), right @ left.T)
    torch.testing.assert_close(multiply(right[:3]), right[:3] @ left.T)
    bias = torch.randn(len(left))
    multiply = compat.onednn_product(left, 16, bias)
    torch.testing.assert_close(multiply(right), right @ left.T + bias)
