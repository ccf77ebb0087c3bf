"""Values on the command line reach the components, or are refused."""

import pytest
from mmengine.config import Config

from vsslbox.config.check import ConfigError
from vsslbox.config.options import replace_values

BASE = """
data_root = 'data/demo'
epochs = 50
loss = dict(temperature=0.2)
label = 'motion'  # of epochs
paper = dict(source='the paper, with its label')
own = dict(data_root=data_root)
"""
CHILD = """
_base_ = './base.py'
max_epochs = 60
model = dict(type='Toy', head=dict(loss={{_base_.loss}}), max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
train_dataloader = dict(dataset=dict(data_root='data/demo'))
seen = {{_base_.epochs}}
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / 'base.py').write_text(BASE)
    (tmp_path / 'child.py').write_text(CHILD)
    return Config.fromfile(tmp_path / 'child.py')


def test_places_are_replaced(config):
    options = {'train_cfg.max_epochs': 3, 'model.head.loss.temperature': 0.5, 'work_dir': 'out'}
    replace_values(config, options)
    assert (config.train_cfg.max_epochs, config.train_cfg.val_interval) == (3, 60)
    assert config.model.head.loss.temperature == 0.5
    assert config.work_dir == 'out'


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('max_epochs', r'such as model.max_epochs=... train_cfg.max_epochs=...$'),
        ('epochs', r'epochs is a variable of the config file.* Name these places instead$'),
        ('loss.temperature', r'such as model.head.loss=...$'),
        ('data_root', r'by --data-root, such as train_dataloader.dataset.data_root=...$'),
    ],
)
def test_variables_that_the_file_inserted_already_are_refused(config, option, message):
    with pytest.raises(ConfigError, match=f'{message}'):
        replace_values(config, {option: 1})


@pytest.mark.parametrize('option', ['label', 'new.name', 'paper.source'])
def test_variables_that_the_file_does_not_use_are_replaced(config, option):
    replace_values(config, {option: 1})
    value = config.get(option.split('.')[0])
    assert (value if option == 'label' else value[option.split('.')[1]]) == 1


def test_a_dumped_config_shows_the_places_of_its_variables(config, tmp_path):
    """Its text has only values."""
    config.dump(tmp_path / 'dumped.py')
    with pytest.raises(ConfigError, match=r'model.max_epochs=... train_cfg.max_epochs=...$'):
        replace_values(Config.fromfile(tmp_path / 'dumped.py'), dict(max_epochs=3))


def messages_for(schedules, options, monkeypatch):
    config = Config(dict(train_cfg=dict(max_epochs=10), param_scheduler=schedules))
    messages = []
    monkeypatch.setattr(
        'vsslbox.config.options.print_log', lambda message, *_: messages.append(message)
    )
    replace_values(config, options)
    return messages


def test_schedules_tied_to_the_length_of_training_are_named(monkeypatch):
    warmup = dict(type='LinearLR', begin=0, end=2)
    cosine = dict(type='CosineAnnealingLR', begin=2, end=10, T_max=8)
    options = {'train_cfg.max_epochs': 20}
    (message,) = messages_for([warmup, cosine], options, monkeypatch)
    assert message.endswith('add param_scheduler.1.T_max=18 param_scheduler.1.end=20')
    (message,) = messages_for(dict(type='WarmupCosineLR', T_max=10), options, monkeypatch)
    assert message.endswith('add param_scheduler.T_max=20')


@pytest.mark.parametrize(
    ('schedule', 'options'),
    [
        (dict(T_max=10), {'train_cfg.max_epochs': 20, 'param_scheduler.T_max': 20}),
        (dict(T_max=10), {'train_cfg.max_epochs': 20, 'param_scheduler.T_max': 10}),
        (dict(T_max=10), {'train_cfg.max_epochs': 10}),
        (dict(end=10, by_epoch=False), {'train_cfg.max_epochs': 20}),
        (dict(milestones=[10]), {'train_cfg.max_epochs': 20}),
        (None, {'train_cfg.max_epochs': 20}),
    ],
)
def test_schedules_that_were_moved_or_are_not_tied_are_not_named(monkeypatch, schedule, options):
    assert not messages_for(schedule, options, monkeypatch)
