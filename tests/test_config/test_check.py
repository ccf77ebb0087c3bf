"""The config check finds all mistakes, and none in a right config."""

from pathlib import Path

import mmaction
import pytest
from mmengine import Config
from mmengine.model import BaseModule
from mmengine.registry import MODELS

from vsslbox.config import ConfigError, check_config

STOCK = Path(mmaction.__file__).parent / '.mim' / 'configs'


@pytest.fixture
def register():
    """Register a class as a model of mmengine's during a test."""
    names = []

    def register_model(cls: type) -> type:
        MODELS.register_module(module=cls)
        names.append(cls.__name__)
        return cls

    yield register_model
    for name in names:
        del MODELS.module_dict[name]


def problems(cfg: dict | Config) -> list[str]:
    """Return the lines of the error without the heading; none if the config is right."""
    try:
        check_config(cfg if isinstance(cfg, Config) else Config(cfg))
    except ConfigError as error:
        heading, *lines = str(error).splitlines()
        assert heading.startswith(str(len(lines)))
        return [line.strip() for line in lines]
    return []


def tsn(**changes) -> dict:
    """Return a small right config for training."""
    decode = [
        dict(type='mmaction.DecordInit'),
        dict(type='mmaction.SampleFrames', clip_len=1, num_clips=3),
        dict(type='mmaction.DecordDecode'),
        dict(
            type='RandomChoice',
            transforms=[[dict(type='mmaction.Flip', flip_ratio=0.5)], [dict(type='mmaction.Fuse')]],
        ),
        dict(type='mmaction.PackActionInputs'),
    ]
    cfg = dict(
        default_scope='vsslbox',
        data_root='data/ucf101',
        model=dict(
            type='mmaction.Recognizer2D',
            backbone=dict(type='mmaction.ResNet', depth=18, norm_cfg=dict(type='BN2d', eps=1e-4)),
            cls_head=dict(
                type='mmaction.TSNHead',
                num_classes=5,
                in_channels=512,
                consensus=dict(type='AvgConsensus', dim=1),
                loss_cls=dict(type='mmaction.CrossEntropyLoss'),
            ),
        ),
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
            collate_fn=dict(type='default_collate'),
            dataset=dict(type='mmaction.VideoDataset', ann_file='a.txt', pipeline=decode),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=3),
        optim_wrapper=dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
            clip_grad=dict(type='value', clip_value=1),
            paramwise_cfg=dict(norm_decay_mult=0),
        ),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, end=2, convert_to_iter_based=True),
            dict(type='MultiStepLR', milestones=[2], by_epoch=True),
        ],
        default_hooks=dict(logger=dict(type='LoggerHook', interval=10), checkpoint=None),
        custom_hooks=[dict(type='EMAHook', momentum=1e-3, priority=49)],
        visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend', name='a')]),
        val_dataloader=None,
        val_evaluator=None,
        val_cfg=None,
    )
    return {**cfg, **changes}


def test_a_right_config_passes():
    assert problems(tsn()) == []


def test_all_mistakes_are_listed_together_with_their_places():
    cfg = tsn(custom_hooks=[dict(type='EMAHok')])
    cfg['model']['backbone'] = dict(type='mmaction.ResNt')
    cfg['model']['cls_head'] = dict(
        type='mmaction.TSNHead',
        num_clases=5,
        in_channels=512,
        loss_cls=dict(type='BCELossWithLogit'),
    )
    cfg['train_dataloader']['dataset']['pipeline'][3]['transforms'][0][0]['flip_rat'] = 0.5
    cfg['train_dataloader']['num_worker'] = 1
    cfg['optim_wrapper']['optimizer']['momentun'] = 0.9
    cfg['param_schedular'] = cfg.pop('param_scheduler')
    assert problems(cfg) == [
        "param_schedular: nothing reads this variable; did you mean 'param_scheduler'?",
        "model.backbone.type: there is no model 'mmaction.ResNt' in scope 'vsslbox'; "
        "did you mean 'mmaction.ResNet'?",
        "model.cls_head.num_clases: TSNHead has no such argument; did you mean 'num_classes'?",
        "model.cls_head: TSNHead needs 'num_classes'",
        "model.cls_head.loss_cls.type: there is no model 'BCELossWithLogit' in scope 'vsslbox'; "
        "did you mean 'mmaction.BCELossWithLogits'?",
        'train_dataloader.num_worker: a dataloader has no such argument; '
        "did you mean 'num_workers'?",
        'train_dataloader.dataset.pipeline[3].transforms[0][0].flip_rat: Flip has no such '
        "argument; did you mean 'flip_ratio'?",
        "optim_wrapper.optimizer.momentun: SGD has no such argument; did you mean 'momentum'?",
        "custom_hooks[0].type: there is no hook 'EMAHok' in scope 'vsslbox'; "
        "did you mean 'EMAHook'?",
    ]


def test_heading_names_the_file(tmp_path):
    path = tmp_path / 'wrong.py'
    path.write_text("model = dict(type='mmaction.ResNet')\n")
    with pytest.raises(
        ConfigError, match=r"1 problem in .*wrong\.py:\n  model: ResNet needs 'depth'"
    ):
        check_config(Config.fromfile(path))


def test_a_name_without_its_scope_is_completed():
    (line,) = problems(tsn(model=dict(type='Recognizer2D', backbone=dict(type='mmaction.C3D'))))
    assert line.endswith("'Recognizer2D' in scope 'vsslbox'; did you mean 'mmaction.Recognizer2D'?")


def test_scopes_switch_the_registry():
    backbone = dict(type='ResNet', depth=18)
    cfg = tsn(model=dict(_scope_='mmaction', type='Recognizer2D', backbone=backbone))
    assert problems(cfg) == []
    cfg['model']['_scope_'] = 'no_such_package'
    assert problems(cfg) == ["model._scope_: the package 'no_such_package' is not installed"]
    cfg['default_scope'] = 'nor_such_a_one'
    assert problems(cfg) == ["default_scope: the package 'nor_such_a_one' is not installed"]


def test_a_component_of_a_missing_package_is_reported_as_that():
    (line,) = problems(tsn(model=dict(type='no_such_package.Recognizer2D')))
    assert line.endswith("; the package 'no_such_package' is not installed")


def test_settings_may_have_any_keys():
    head = dict(tsn()['model']['cls_head'], topk={1: 'top', 5: dict(name='other')})
    assert problems(tsn(model=dict(tsn()['model'], cls_head=head))) == []


def test_own_variables_of_the_user_are_legal():
    assert problems(tsn(train_pipeline=[dict(type='NotUsed')], dataset='x', optimiser_lr=1)) == []


def test_a_variable_that_the_file_uses_may_have_any_name(tmp_path):
    text = "models = [dict(type='mmaction.C3D')]\noptimizer = 1\n"
    for last, mistakes in (('model = dict(models[0], lr=optimizer)\n', 0), ("model = ''\n", 2)):
        (tmp_path / 'config.py').write_text(text + last)
        lines = problems(Config.fromfile(tmp_path / 'config.py'))
        assert sum('nothing reads this variable' in line for line in lines) == mistakes


def test_names_of_older_configs_are_told_unless_their_value_is_inserted():
    (line,) = problems(tsn(resume_from='epoch_3.pth'))
    assert line == "resume_from: nothing reads this variable; its place is now 'resume'"
    assert problems(tsn(optimizer=tsn()['optim_wrapper']['optimizer'], total_epochs=3)) == []


def test_workers_have_no_settings_without_workers():
    loader = dict(tsn()['train_dataloader'], persistent_workers=True, prefetch_factor=4)
    assert problems(tsn(train_dataloader=loader)) == [
        'train_dataloader.persistent_workers: is True without workers; set '
        'train_dataloader.num_workers to at least 1, or persistent_workers to False',
        'train_dataloader.prefetch_factor: is 4 without workers; set '
        'train_dataloader.num_workers to at least 1, or prefetch_factor to None',
    ]
    assert problems(tsn(train_dataloader=dict(loader, num_workers=1))) == []
    loader.update(persistent_workers=False, prefetch_factor=None)
    assert problems(tsn(train_dataloader=loader)) == []


@pytest.mark.parametrize(
    ('place', 'value', 'expected'),
    [
        ('train_cfg', dict(by_epoch=True), "train_cfg: EpochBasedTrainLoop needs 'max_epochs'"),
        ('train_cfg', dict(max_epochs=3), "train_cfg: has no 'type', the name of a loop"),
        ('train_cfg', dict(by_epoch=False, max_iter=3), "did you mean 'max_iters'?"),
        (
            'val_cfg',
            dict(fp61=True),
            "val_cfg.fp61: ValLoop has no such argument; did you mean 'fp",
        ),
        (
            'val_evaluator',
            dict(metrics=dict(type='AccMetrik')),
            'val_evaluator.metrics.type: there',
        ),
        ('val_evaluator', [dict(type='mmaction.AccMetric', perfix='a')], "did you mean 'prefix'?"),
        ('custom_hooks', [dict(typ='EMAHook')], "custom_hooks[0].typ: did you mean 'type'?"),
        ('custom_hooks', [dict(momentum=1)], "custom_hooks[0]: has no 'type', the name of a hook"),
        (
            'custom_hooks',
            [dict(type=7)],
            'custom_hooks[0].type: is 7; give the name of a hook or a',
        ),
        (
            'model',
            dict(backbone=dict(type='mmaction.C3D')),
            "model: has no 'type', the name of a mo",
        ),
        (
            'optim_wrapper',
            dict(constructor='DefaultConstructor', optimizer=None),
            'constructor.type',
        ),
        ('param_scheduler', dict(type='StepLR', step_sise=1), "did you mean 'step_size'?"),
        ('train_dataloader', dict(dataset=None), "train_dataloader: a dataloader needs 'sampler'"),
        ('test_cfg', dict(gallery_dataloader=dict(dataset=1)), "a dataloader needs 'sampler'"),
        ('default_hooks', dict(logger=dict(type='LogerHook')), "did you mean 'LoggerHook'?"),
        ('param_scheduler', 5, "param_scheduler: is 5; give the dict of a component, with its 'ty"),
        ('custom_hooks', 'EMAHook', "custom_hooks: is 'EMAHook'; give the dict of a component"),
        ('train_cfg', dict(by_epoch=True, max_epochs=2.5), 'train_cfg.max_epochs: is 2.5; give a'),
        ('train_cfg', dict(by_epoch=True, max_epochs=0), 'give a whole number, 1 or more'),
        (
            'train_cfg',
            dict(by_epoch=False, max_iters='9'),
            "train_cfg.max_iters: is '9'; give a wh",
        ),
        ('val_dataloader', dict(num_workers=-1), 'val_dataloader.num_workers: is -1; give a whole'),
        ('train_dataloader', dict(batch_size=True), 'train_dataloader.batch_size: is True; give a'),
        ('log_processor', dict(window_size='x'), "log_processor.window_size: is 'x'; give a whole"),
        ('default_hooks', dict(c=dict(type='CheckpointHook', interval='x')), "is 'x'; give a num"),
        ('val_cfg', dict(fp16='no'), "val_cfg.fp16: is 'no'; give True or False"),
        ('log_level', 'info', "log_level: is 'info'; give DEBUG, INFO, WARNING or ERROR"),
        ('env_cfg', 1, 'env_cfg: is 1; give a dict'),
        (
            'env_cfg',
            dict(cudnn_benchmrk=True),
            'env_cfg.cudnn_benchmrk: nothing reads this setting',
        ),
        ('env_cfg', dict(x=1), 'it has cudnn_benchmark, dist_cfg, mp_cfg, resource_limit'),
        (
            'randomness',
            dict(sed=1),
            "randomness.sed: nothing reads this setting; did you mean 'see",
        ),
        ('auto_scale_lr', dict(enabl=True), "did you mean 'enable'?"),
    ],
)
def test_each_part_of_the_engine_is_checked(place, value, expected):
    lines = problems(tsn(**{place: value}))
    assert any(expected in line for line in lines), lines


def test_functions_are_found_as_the_engine_finds_them():
    """mmengine looks a collate function up without the default scope."""
    cfg = tsn()
    cfg['train_dataloader']['collate_fn'] = dict(type='defualt_collate')
    (line,) = problems(cfg)
    assert line == (
        "train_dataloader.collate_fn.type: there is no function 'defualt_collate' in scope "
        "'mmengine'; did you mean 'default_collate'?"
    )


def test_defaults_are_checked_in_the_configs_scope():
    """mmaction2 leaves the scope out of its defaults, which only its own scope can complete."""
    model = tsn()['model']
    del model['cls_head']['loss_cls']
    assert problems(tsn(model=model)) == [
        "model.cls_head.loss_cls.type: there is no model 'CrossEntropyLoss' in scope 'vsslbox'; "
        "did you mean 'mmaction.CrossEntropyLoss'? (a default; give it in the config)"
    ]
    assert problems(tsn(model=model, default_scope='mmaction')) == []


def test_nothing_is_built(register):
    @register
    class Explosive(BaseModule):
        def __init__(self, fuse: int) -> None:
            raise AssertionError('was built')

    assert problems(dict(model=dict(type='Explosive', fuse=1))) == []
    assert problems(dict(model=dict(type=Explosive, fuze=1))) == [
        "model.fuze: Explosive has no such argument; did you mean 'fuse'?",
        "model: Explosive needs 'fuse'",
    ]


def test_keyword_arguments_are_followed_to_the_base_class(register):
    class Base(BaseModule):
        def __init__(self, width: int, init_cfg: dict | None = None) -> None:
            super().__init__(init_cfg)

    @register
    class Derived(Base):
        def __init__(self, depth: int = 1, **kwargs) -> None:
            super().__init__(**kwargs)

    assert problems(dict(model=dict(type='Derived', depth=2, width=3, init_cfg=None))) == []
    assert problems(dict(model=dict(type='Derived', widht=3))) == [
        "model.widht: Derived has no such argument; did you mean 'width'?"
    ]


def test_keyword_arguments_for_another_function_may_be_anything(register):
    @register
    class Wrapper(BaseModule):
        def __init__(self, name: str, **kwargs) -> None:
            super().__init__()
            self.options = dict(**kwargs)

    assert problems(dict(model=dict(type='Wrapper', name='a', drop_path=0.1))) == []
    assert problems(dict(model=dict(type='Wrapper', name='a', named='b'))) == [
        "model.named: Wrapper has no such argument; did you mean 'name'?"
    ]


def test_swallowed_keyword_arguments_are_reported(register):
    @register
    class Swallows(BaseModule):
        def __init__(self, depth: int = 1, **kwargs) -> None:
            super().__init__()

    (line,) = problems(dict(model=dict(type='Swallows', heads=3)))
    assert line == 'model.heads: Swallows has no such argument; it takes depth, init_cfg'


def test_an_init_cfg_that_is_never_read_is_reported():
    """``init_weights`` of mmaction2's 3D ResNets silently ignores ``init_cfg``."""
    init = dict(type='Pretrained', checkpoint='a.pth')
    model = tsn()['model']
    model['backbone']['init_cfg'] = init
    assert problems(tsn(model=model)) == []
    model['backbone'] = dict(type='mmaction.ResNet3dSlowOnly', depth=18, init_cfg=init)
    (line,) = problems(tsn(model=model))
    assert line.startswith('model.backbone.init_cfg: ResNet3dSlowOnly never reads it')


def test_initializers_are_checked():
    model = tsn()['model']
    model['backbone']['init_cfg'] = [
        dict(type='Kaiming', layer='Conv2d', override=dict(name='conv1', type='Normal', sdt=1)),
        dict(type='Pretrained'),
    ]
    assert problems(tsn(model=model)) == [
        'model.backbone.init_cfg[0].override.sdt: NormalInit has no such argument; '
        "did you mean 'std'?",
        "model.backbone.init_cfg[1]: PretrainedInit needs 'checkpoint'",
    ]


@pytest.mark.slow
def test_every_stock_config_passes_except_for_true_mistakes():
    """All configs that mmaction2 ships, except those for detection (they need mmdet)."""
    found = {}
    for path in sorted(STOCK.glob('[!_d]*/**/*.py')):
        lines = problems(Config.fromfile(path).to_dict())
        # Some need packages that are not installed here.
        lines = [line for line in lines if not line.endswith('is not installed')]
        if lines:
            found[path.name] = [line.partition(':')[0] for line in lines]
    assert found == {
        # A tool's input, not a config for a runner.
        'bsn_pgm_400x100_activitynet-feature.py': ['model'],
        # A comma at its end makes the loader a tuple.
        'slowonly_r50_8xb16-u48-240e_gym-limb.py': ['train_dataloader'],
        # These two stop with a TypeError when their validation or test is built.
        'tsm_imagenet-pretrained-r50_8xb16-1x1x16-50e_kinetics400-rgb.py': [
            'val_dataloader.dataset.pipeline[2].io_backend'
        ],
        'tsm_imagenet-pretrained-r50_8xb16-1x1x16-50e_sthv2-rgb.py': [
            'test_dataloader.pipeline',
            'test_dataloader.test_mode',
        ],
    }
