"""The registries of vsslbox: for every kind of component a child of mmengine's root registry.

The scope is ``vsslbox``. ``type='VCLR'`` finds a component of vsslbox or mmengine,
``type='mmaction.ResNet'`` one of mmaction2. A registry imports its ``locations`` on first use, so
that no import by hand is needed. An outside package registers its components by decorator; a config
names it in ``custom_imports``.
"""

from mmengine import registry as root

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATOR',
    'FUNCTIONS',
    'HOOKS',
    'INFERENCERS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'RUNNERS',
    'TASK_UTILS',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'WEIGHT_INITIALIZERS',
]


def _child(parent: root.Registry, *locations: str) -> root.Registry:
    return root.Registry(
        parent.name,
        parent=parent,
        scope='vsslbox',
        locations=[f'vsslbox.{location}' for location in locations],
    )


MODELS = _child(root.MODELS, 'models')
MODEL_WRAPPERS = _child(root.MODEL_WRAPPERS, 'models')
WEIGHT_INITIALIZERS = _child(root.WEIGHT_INITIALIZERS, 'checkpoints')

DATASETS = _child(root.DATASETS, 'datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child(root.TRANSFORMS, 'datasets')
FUNCTIONS = _child(root.FUNCTIONS, 'datasets')
TASK_UTILS = _child(root.TASK_UTILS, 'datasets', 'models')

RUNNERS = _child(root.RUNNERS, 'engine')
LOOPS = _child(root.LOOPS, 'engine')
HOOKS = _child(root.HOOKS, 'engine')
LOG_PROCESSORS = _child(root.LOG_PROCESSORS, 'engine')
OPTIMIZERS = _child(root.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(root.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
PARAM_SCHEDULERS = _child(root.PARAM_SCHEDULERS, 'engine')

METRICS = _child(root.METRICS, 'evaluation')
EVALUATOR = _child(root.EVALUATOR, 'evaluation')
VISUALIZERS = _child(root.VISUALIZERS, 'visualization')
VISBACKENDS = _child(root.VISBACKENDS, 'visualization')
INFERENCERS = _child(root.INFERENCERS, 'apis')
