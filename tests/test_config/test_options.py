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


@pytest.mark.parametrize('option', ['label', 'paper.source'])
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


# --------------------------------------------------------------------------- places


def changed(options, **values):
    config = Config(dict(model=dict(type='Toy'), **values))
    replace_values(config, options)
    return config.to_dict()


@pytest.mark.parametrize(
    ('option', 'nearest'),
    [
        ('vis_backendz', 'visualizer.vis_backends'),
        ('lr', 'optim_wrapper.optimizer.lr'),
        ('trian_cfg.max_epochs', 'train_cfg.max_epochs'),
        ('custom_hook', 'custom_hooks'),
    ],
)
def test_new_names_that_nothing_reads_are_refused(option, nearest):
    values = dict(
        visualizer=dict(vis_backends=[dict(type='LocalVisBackend')]),
        optim_wrapper=dict(optimizer=dict(lr=0.1)),
    )
    message = rf"{option}=... would change nothing: .* did you mean '{nearest}'\?$"
    with pytest.raises(ConfigError, match=message):
        changed({option: 1}, **values)


def test_the_launcher_has_an_option_of_its_own():
    with pytest.raises(ConfigError, match=r'launcher=... would change nothing: use --launcher'):
        changed(dict(launcher='pytorch'))


@pytest.mark.parametrize('option', ['train_cfg', 'custom_hooks.0'])
def test_a_dict_is_merged_unless_it_says_otherwise(option):
    old, new = dict(type='A', end=3), dict(type='B')
    for given, expected in ((new, dict(type='B', end=3)), (dict(new, _delete_=True), new)):
        values = changed({option: given}, train_cfg=dict(old), custom_hooks=[dict(old)])
        assert values[option.split('.')[0]] in (expected, [expected])


def test_items_of_lists_are_replaced():
    values = dict(param_scheduler=[dict(type='A', milestones=[1, 2]), dict(type='B')])
    options = {'param_scheduler.0.milestones.1': 5, 'param_scheduler.1': None}
    assert changed(options, **values)['param_scheduler'] == [
        dict(type='A', milestones=[1, 5]),
        None,
    ]


def test_values_of_another_kind_are_replaced():
    values = dict(val_cfg=None, custom_hooks=[dict(type='A')], load_from='a.pth')
    options = dict(val_cfg=dict(type='B'), custom_hooks=None, load_from=dict(x=1))
    assert changed(options, **values) == dict(model=dict(type='Toy'), **options)


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('custom_hooks.5.type', r'custom_hooks is no list$'),
        ('train_dataloader.pipeline.9.x', r'pipeline is a dict of the keys open, pack$'),
        ('param_scheduler.2.end', r'param_scheduler is a list of 1, counted from 0: \[dict\(e'),
        ('param_scheduler.x', r'param_scheduler is a list of 1'),
        ('param_scheduler.-1.end', r'param_scheduler is a list of 1'),
        ('param_scheduler.0.end.x', r'param_scheduler.0.end is 3$'),
        ('val_cfg.type', r'val_cfg is None$'),
        ('model.type.name', r"model.type is 'Toy'$"),
        ('model.betas.0', r'model.betas is \(1, 2\)$'),
    ],
)
def test_places_that_cannot_be_reached_are_named(option, message):
    values = dict(
        train_dataloader=dict(pipeline=dict(open=dict(type='A'), pack=dict(type='B'))),
        param_scheduler=[dict(end=3)],
        val_cfg=None,
        model=dict(type='Toy', betas=(1, 2)),
    )
    with pytest.raises(ConfigError, match=f'{option}=... cannot be set, since .*{message}'):
        replace_values(Config(values), {option: 1})
