"""A child config changes a named step of a pipeline, and a wrong name is reported."""

import argparse

import pytest
from mmengine.config import Config

from tests.test_config.test_check import problems, tsn
from vsslbox.apis.command_line import read_config
from vsslbox.config import ConfigError, check_config
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.transforms.steps import list_steps

PLACE = 'train_dataloader.dataset.pipeline'
BASE = """
default_scope = 'vsslbox'
model = dict(type='FeatureExtractor', backbone=dict(type='NarrowResNet', depth=18))
train_dataloader = dict(
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='VideoDataset',
        pipeline=dict(
            open=dict(type='OpenVideo'),
            sample=dict(type='SampleTemporalInterval', clip_len=8, frame_interval=2),
            decode=dict(type='DecodeViews'),
            augment=dict(
                type='AugmentViews',
                transforms=dict(
                    crop=dict(type='RandomCrop', size=112),
                    flip=dict(type='RandomFlip', prob=0.5),
                ),
            ),
            pack=dict(type='PackViews'),
        ),
    ),
)
"""


@pytest.fixture
def child(tmp_path):
    """Read a config that inherits the one above, with options of the command line."""
    (tmp_path / 'base.py').write_text(BASE)

    def read(pipeline: str = 'dict()', *options: tuple[str, object]) -> Config:
        path = tmp_path / 'child.py'
        path.write_text(
            f"_base_ = 'base.py'\ntrain_dataloader = dict(dataset=dict(pipeline={pipeline}))\n"
        )
        return read_config(
            argparse.Namespace(config=str(path), data_root=None, cfg_options=dict(options))
        )

    return read


def pipeline_of(config: Config) -> dict:
    return config.train_dataloader.dataset.pipeline


def types(config: Config) -> list[str]:
    return [step['type'] for step in list_steps(pipeline_of(config))]


def lines(config: Config) -> list[str]:
    with pytest.raises(ConfigError) as error:
        check_config(config)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_a_child_changes_one_number_of_a_step(child):
    config = child('dict(sample=dict(clip_len=4))')
    check_config(config)
    sample = dict(type='SampleTemporalInterval', clip_len=4, frame_interval=2)
    assert pipeline_of(config)['sample'] == sample
    assert types(config) == types(child())


def test_a_child_drops_a_step(child):
    config = child('dict(decode=None, augment=dict(transforms=dict(crop=None)))')
    check_config(config)
    assert types(config) == ['OpenVideo', 'SampleTemporalInterval', 'AugmentViews', 'PackViews']
    transforms = pipeline_of(config)['augment']['transforms']
    assert [step['type'] for step in list_steps(transforms)] == ['RandomFlip']


def test_a_child_replaces_a_step_at_its_place(child):
    config = child("dict(sample=dict(_delete_=True, type='SampleRandomClip', clip_len=4))")
    check_config(config)
    assert pipeline_of(config)['sample'] == dict(type='SampleRandomClip', clip_len=4)
    assert types(config)[1] == 'SampleRandomClip'


def test_a_new_step_comes_last(child):
    config = child("dict(again=dict(type='DecodeViews'))")
    check_config(config)
    assert types(config)[-2:] == ['PackViews', 'DecodeViews']


def test_the_command_line_changes_a_step(child):
    config = child('dict()', (f'{PLACE}.sample.clip_len', 4), (f'{PLACE}.augment.transforms', None))
    assert pipeline_of(config)['sample']['clip_len'] == 4
    assert pipeline_of(config)['augment']['transforms'] is None


def test_the_order_of_the_steps_survives_a_dump(child, tmp_path):
    config = child()
    config.dump(tmp_path / 'dumped.py')
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert list(pipeline_of(dumped)) == ['open', 'sample', 'decode', 'augment', 'pack']
    assert list(pipeline_of(dumped)['augment']['transforms']) == ['crop', 'flip']
    assert dumped.to_dict() == config.to_dict()


@pytest.mark.parametrize(
    ('place', 'value', 'expected'),
    [
        ('smaple.clip_len', 4, "smaple: there is no step 'smaple'; did you mean 'sample'?"),
        ('smaple', {}, "smaple: there is no step 'smaple'; did you mean 'sample'?"),
        ('smaple.view.scale', 4, "smaple: there is no step 'smaple'; did you mean 'sample'?"),
        ('zoom.scale', 4, "zoom: there is no step 'zoom'; a new one needs a 'type'"),
        ('zoom.typ', 'Resize', "zoom.typ: did you mean 'type'?"),
        ('decode', 3, 'decode: is 3; give the config of a step, or None to drop it'),
        (
            'augment.transforms.flop.prob',
            0,
            "augment.transforms.flop: there is no step 'flop'; did you mean 'flip'?",
        ),
        (
            'sample.clip_lenn',
            4,
            'sample.clip_lenn: SampleTemporalInterval has no such argument; '
            "did you mean 'clip_len'?",
        ),
    ],
)
def test_a_wrong_name_is_reported_with_its_place(child, place, value, expected):
    assert lines(child('dict()', (f'{PLACE}.{place}', value))) == [f'{PLACE}.{expected}']


def test_a_misspelt_step_of_a_child_is_reported(child):
    expected = f"{PLACE}.smaple: there is no step 'smaple'; did you mean 'sample'?"
    assert lines(child('dict(smaple=dict(clip_len=4))')) == [expected]


def test_a_dropped_step_has_no_numbers(child):
    with pytest.raises(ConfigError, match=r'clip_len=\.\.\. cannot be set, since .*sample is None'):
        child('dict(sample=None)', (f'{PLACE}.sample.clip_len', 4))


@pytest.mark.parametrize('name', ['smaple', '7'])
def test_a_list_has_no_names(child, name):
    listed = "dict(_delete_=True, _='')"
    config = child(listed, (PLACE, [dict(type='OpenVideo'), dict(type='PackViews')]))
    check_config(config)
    path = config.filename
    config.dump(path)
    args = argparse.Namespace(
        config=path, data_root=None, cfg_options={f'{PLACE}.{name}.clip_len': 4}
    )
    message = rf'since {PLACE} is a list of 2, counted from 0: \[dict\(type=.OpenVideo.\), dict'
    with pytest.raises(ConfigError, match=message):
        read_config(args)


def test_none_in_a_list_is_reported():
    cfg = tsn()
    cfg['train_dataloader']['dataset']['pipeline'][1] = None
    assert problems(cfg) == [f'{PLACE}[1]: is None; remove it, or give the steps by name']


@pytest.mark.parametrize('name', ['mmaction.VideoDataset', 'mmaction.RawframeDataset'])
def test_names_for_a_data_set_that_takes_a_list_are_reported(name):
    cfg = tsn()
    steps = dict(decode=dict(type='mmaction.DecordInit'), pack=None)
    cfg['train_dataloader']['dataset'] = dict(type=name, ann_file='a.txt', pipeline=steps)
    class_name = name.rpartition('.')[2]
    assert problems(cfg) == [f'{PLACE}: {class_name} takes a list of steps, not steps by name']


def test_a_data_set_derived_from_one_that_takes_names_does_too():
    class OwnDataset(VideoDataset):
        def __init__(self, pipeline, **kwargs):
            super().__init__(pipeline=pipeline, **kwargs)

    cfg = tsn()
    dataset = dict(type=OwnDataset, pipeline=dict(open=dict(type='OpenVideo'), pack=None))
    cfg['train_dataloader']['dataset'] = dataset
    assert problems(cfg) == []


def test_names_for_a_transform_that_takes_a_list_are_reported(child):
    choice = "dict(_delete_=True, type='RandomChoice', transforms=dict(a=[dict(type='OpenVideo')]))"
    assert f'{PLACE}.augment.transforms: RandomChoice takes a list of steps, not steps by name' in (
        lines(child(f'dict(augment={choice})'))
    )
