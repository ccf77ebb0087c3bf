"""docs/config_keys.md lists the keys that the check of configs accepts, with their descriptions."""

import inspect
import re

import pytest
import torch
from mmengine import Config
from mmengine.runner import Runner

from tests.conftest import REPO
from tests.tools import imported_tool
from vsslbox.config import TOP_LEVEL, ConfigError, check_config, keys
from vsslbox.engine.runner.ssl_runner import _REMOVABLE_HOOKS
from vsslbox.errors import InputError

PAGE = (REPO / 'docs/config_keys.md').read_text('utf-8')
PINNED = re.search(r'^torch==(.*)$', (REPO / 'requirements/constraints.txt').read_text(), re.M)[1]


@pytest.fixture
def tool():
    with imported_tool('analysis/make_config_keys.py') as tool:
        yield tool


def listed(heading: str) -> set[str]:
    """Return the keys of a section of the page."""
    section = PAGE.partition(f'\n## {heading}\n')[2].partition('\n## ')[0]
    return set(re.findall(r'^\| \[?`(\w+)`', section, re.MULTILINE))


def test_the_page_is_up_to_date(tool):
    """After a change of a key or of a docstring run tools/analysis/make_config_keys.py."""
    if torch.__version__.partition('+')[0] != PINNED:
        pytest.skip(f'the page is of torch {PINNED}, whose DataLoader has other arguments')
    assert tool.make_page() == PAGE


def test_the_keys_at_the_top_are_those_of_the_check():
    assert listed('At the top') == TOP_LEVEL == keys.KEYS[''].keys()


def test_every_description_is_of_a_key_that_is_accepted(tool):
    for place, described in keys.KEYS.items():
        if place in tool.PLACES:
            kind, targets = tool.PLACES[place]
            targets += tool.SCHEDULES if place == 'param_scheduler' else ()
            accepted = {name for target in targets for name in tool.accepted_keys(kind, target)}
            assert described.keys() <= accepted, place


def test_keys_without_a_signature_are_those_that_the_engine_reads():
    assert keys.KEYS['default_hooks'].keys() == set(_REMOVABLE_HOOKS)
    for place, reader in (('env_cfg', Runner.setup_env), ('auto_scale_lr', Runner.scale_lr)):
        source = inspect.getsource(reader)
        read = set(re.findall(rf"{place}(?:\.get\(|\[)'(\w+)'", source))
        assert keys.KEYS[place].keys() == read, place


def test_listed_keys_pass_the_check_and_others_do_not():
    loader = dict.fromkeys(listed('`train_dataloader`, `val_dataloader`, `test_dataloader`'))
    assert 'num_workers' in loader and 'num_batch_per_epoch' in loader
    loader['num_workers'] = 0  # it must be a number
    loader['dataset'] = dict(type='VideoDataset', **dict.fromkeys(listed('`dataset` of a loader')))
    cfg = dict(
        default_scope='vsslbox',
        model=dict(type='CVRL', backbone=None, neck=None, loss=None),
        train_dataloader=loader,
        default_hooks=dict(
            health=dict(type='HealthHook', **dict.fromkeys(listed('`default_hooks.health`')))
        ),
    )
    check_config(Config(cfg))
    loader['num_batches_per_epoch'] = loader['dataset']['ann_fil'] = None
    cfg['default_hooks']['health']['intervall'] = None
    with pytest.raises(ConfigError) as error:
        check_config(Config(cfg))
    found = re.findall(r"(\w+): .*did you mean '(\w+)'", str(error.value))
    assert sorted(found) == [
        ('ann_fil', 'ann_file'),
        ('intervall', 'interval'),
        ('num_batches_per_epoch', 'num_batch_per_epoch'),
    ]


def test_a_key_without_a_description_is_told(tool, monkeypatch):
    monkeypatch.delitem(keys.KEYS['optim_wrapper'], 'clip_grad')
    with pytest.raises(InputError, match=r'optim_wrapper\.clip_grad has no description: give it'):
        tool.make_page()


def test_docstrings_of_vsslbox_describe_its_own_keys(tool):
    class Part:
        """Does something.

        Args:
            first: What it is, with :class:`Other` and ``code``. A second
                sentence.
            second: Over
                two lines.

        Raises:
            InputError: Never.
        """

    Part.__module__ = 'vsslbox.part'
    assert tool._from_docstring('first', Part) == 'what it is, with `Other` and `code`'
    assert tool._from_docstring('second', Part) == 'over two lines'
    assert tool._from_docstring('InputError', Part) == ''


def test_types_are_those_of_a_config(tool):
    def part(a: int | None, b: dict | list[dict], c: 'Sampler | None', d=3, *, e: str = 'x'): ...  # noqa: F821

    parameters = inspect.signature(part).parameters
    texts = [tool._type_text(parameter) for parameter in parameters.values()]
    assert texts == ['int', 'dict or list', 'dict', 'int', 'str']
    defaults = [tool._default_text(parameter) for parameter in parameters.values()]
    assert defaults == ['required'] * 3 + ['`3`', "`'x'`"]
