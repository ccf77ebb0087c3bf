"""The keys of a config: what each does, and which page tells more.

:func:`check_config` takes the names at the top of a config from here, and
``tools/analysis/make_config_keys.py`` writes docs/config_keys.md, with the types and defaults of
the signatures that the check reads. A key of a class of vsslbox is described in its docstring.
"""

import inspect
from typing import NamedTuple

from mmengine.runner import Runner

__all__ = ['FORMER', 'KEYS', 'TOP_LEVEL', 'Key']


class Key(NamedTuple):
    """What a key does, and where to read more.

    Attributes:
        text: What it does, in one line of Markdown.
        page: The page below docs/, with its heading.
        type: What it may be, if no signature says so.
        default: What holds without it, likewise, or if something sets it before.
    """

    text: str
    page: str = ''
    type: str = ''
    default: str = ''


_TOP = {
    'activation_checkpointing': Key(
        'the modules whose activations are computed again in the backward pass, to save memory',
        'large_models.md#activations-are-computed-again',
        'str or list',
        '`None`',
    ),
    'auto_scale_lr': Key(
        'the batch size that the learning rate is for, so that `--auto-scale-lr` can scale it',
        'pretraining.md',
    ),
    'channels_last': Key(
        'whether weights of convolutions lie in memory with their channels last',
        'large_models.md#bfloat16-and-gradient-accumulation',
        'bool',
        '`False`',
    ),
    'compile': Key(
        'whether torch compiles the networks; a dict has arguments of `torch.compile`',
        'large_models.md#torchcompile',
        'bool or dict',
        '`False`',
    ),
    'custom_hooks': Key(
        'further hooks', 'extending.md#a-reader-a-hook-an-optimizer-a-loop', default='`None`'
    ),
    'custom_imports': Key(
        'modules to import first, so that the config can name their parts: '
        '`dict(imports=[...], allow_failed_imports=False)`',
        'extending.md',
        'dict',
        '`None`',
    ),
    'data_preprocessor': Key(
        'the preprocessor of a model whose config has none',
        'input_pipeline.md#colours-on-the-device-or-in-the-worker',
    ),
    'default_hooks': Key('hooks by name, so that a child config changes one of them'),
    'default_scope': Key(
        "where names without a prefix are looked up first: `'vsslbox'` in all configs"
    ),
    'efficient_conv_bn_eval': Key(
        'the modules in which mmengine joins a convolution with a BatchNorm that does not learn',
        '',
        'str or list',
        '`None`',
    ),
    'env_cfg': Key('how processes start and talk to each other', 'distributed.md'),
    'experiment_name': Key("the name of the run in logs; if None, the config's name and the time"),
    'find_unused_parameters': Key(
        'whether processes look in each step for parameters that have no gradient',
        'distributed.md',
        'bool',
        '`False`',
    ),
    'fully_shard': Key(
        'whether processes share weights, gradients and the states of the optimizer',
        'large_models.md#models-in-shares',
        'bool or dict',
        '`False`',
    ),
    'launcher': Key('what starts the processes; `--launcher` sets it', 'distributed.md'),
    'load_from': Key(
        'the weights to start from, a path or `zoo://NAME`; with `resume`, the checkpoint to go '
        'on from',
        'pretraining.md#start-from-a-checkpoint',
    ),
    'log_level': Key("the least level of messages: `'DEBUG'`, `'INFO'`, `'WARNING'`, `'ERROR'`"),
    'log_processor': Key('how logged values are averaged and shown', 'visualization.md#curves'),
    'model': Key('the method or the network, with its parts', 'methods.md'),
    'model_wrapper_cfg': Key(
        "another wrapper of the model for several processes than torch's", '', 'dict', '`None`'
    ),
    'optim_wrapper': Key(
        'the optimizer, with precision, accumulated and clipped gradients',
        'large_models.md#bfloat16-and-gradient-accumulation',
    ),
    'param_scheduler': Key('how the learning rate changes: one schedule or several'),
    'randomness': Key('the seed, and how exactly a run can be repeated', 'reliability.md'),
    'resume': Key(
        'whether to go on with a stopped training; `--resume` sets it',
        'reliability.md#stop-and-go-on',
    ),
    'runner_type': Key(
        'the registered runner', 'reliability.md#promises', 'str', "`'vsslbox.SSLRunner'`"
    ),
    'sync_bn': Key(
        "`'torch'`: BatchNorm normalises by the batches of all processes",
        'distributed.md#batchnorm',
        'str',
        '`None`',
    ),
    'test_cfg': Key('the loop of a test', 'evaluation.md#a-papers-protocol'),
    'test_dataloader': Key(
        'the videos of a test; where there is a gallery, the queries',
        'evaluation.md#a-papers-protocol',
    ),
    'test_evaluator': Key('the metrics of a test', 'evaluation.md#a-papers-protocol'),
    'train_cfg': Key('the loop of the training, and its length', 'pretraining.md'),
    'train_dataloader': Key('the videos of the training', 'input_pipeline.md'),
    'val_cfg': Key(
        'the loop of the validations', 'monitoring.md#nearest-neighbours-while-training'
    ),
    'val_dataloader': Key('the videos of the validations'),
    'val_evaluator': Key('the metrics of the validations'),
    'visualizer': Key(
        'where logs go beside the text: JSON, TensorBoard and others', 'visualization.md'
    ),
    'work_dir': Key(
        'the folder of logs and checkpoints; `--work-dir` sets it',
        'reliability.md#stop-and-go-on',
        default="`work_dirs/` and the config's name",
    ),
}

# The top-level names that the engine reads: the arguments of Runner, and what it or the tools look
# up in the config itself. All others are the user's own variables.
TOP_LEVEL = {*(name for name in inspect.signature(Runner).parameters if name != 'cfg'), *_TOP}

# The names of OpenMMLab's configs before mmengine, and where their values belong now.
FORMER = dict(
    checkpoint_config='default_hooks.checkpoint',
    cudnn_benchmark='env_cfg.cudnn_benchmark',
    data='train_dataloader',
    dist_params='env_cfg.dist_cfg',
    evaluation='val_evaluator',
    log_config='default_hooks.logger',
    lr_config='param_scheduler',
    optimizer='optim_wrapper.optimizer',
    optimizer_config='optim_wrapper.clip_grad',
    resume_from='resume',
    seed='randomness.seed',
    total_epochs='train_cfg.max_epochs',
    total_iters='train_cfg.max_iters',
)

_BACKEND = Key('how remote folders are opened, as mmengine has it')
_FILE_CLIENT = Key('an older name of `backend_args`')
_PRIORITY = Key(
    'when it runs among the hooks: a name, or a number, of which lower ones are earlier',
    type='str or int',
    default='that of its class',
)
_OUT_DIR = Key('another folder than the work directory, also a remote one')

# The keys below each place. Classes of vsslbox describe their own.
KEYS: dict[str, dict[str, Key]] = {
    '': _TOP,
    'train_dataloader': {
        'batch_sampler': Key('what makes batches of the order; if None, `batch_size` in a row'),
        'batch_size': Key('videos a step on each process', 'distributed.md'),
        'collate_fn': Key(
            'how samples become a batch; the configs have `default_collate`',
            default="`dict(type='pseudo_collate')`",
        ),
        'dataset': Key('the list of videos and their pipeline', 'datasets.md#your-own-lists'),
        'disable_subprocess_warning': Key(
            'whether only the first worker shows warnings', type='bool', default='`False`'
        ),
        'drop_last': Key('whether to leave out the last batch of an epoch if it is smaller'),
        'generator': Key("torch's generator; the engine draws from `randomness.seed`"),
        'in_order': Key('whether batches come in the order of the sampler'),
        'multiprocessing_context': Key(
            'how workers start; `env_cfg.mp_cfg` says it for all loaders'
        ),
        'num_batch_per_epoch': Key(
            'batches of an epoch, all from the beginning of the list', type='int', default='`None`'
        ),
        'num_workers': Key(
            'processes that decode; 0: none of their own', 'input_pipeline.md#speed'
        ),
        'persistent_workers': Key('whether workers live longer than an epoch'),
        'pin_memory': Key('whether batches lie where a GPU copies them from faster'),
        'pin_memory_device': Key('for which device they do'),
        'prefetch_factor': Key('batches that each worker has ready; if None, 2'),
        'sampler': Key('the order of the videos: `EpochSampler` in training'),
        'shuffle': Key('leave it out: `sampler.shuffle` says it'),
        'timeout': Key('seconds after which a batch that does not come is an error; 0: none'),
        'worker_init_fn': Key('a registered function that each worker calls first'),
    },
    'train_dataloader.dataset': {
        'filter_cfg': Key("mmengine's; no data set of vsslbox reads it"),
        'indices': Key('use only the first N videos, or those of these indices'),
        'lazy_init': Key('whether to read the list later; the engine reads it when it builds'),
        'max_refetch': Key("mmengine's; see `max_replacements`"),
        'metainfo': Key(
            '`dict(classes=[...])`: the names of classes, in the order of their numbers'
        ),
        'modality': Key("what a sample's `modality` says"),
        'multi_class': Key('whether a video has several labels'),
        'num_classes': Key('how many classes there are, if a video has several labels'),
        'serialize_data': Key('whether the list is one array of bytes, which workers share'),
        'start_index': Key('the number of the first frame of a folder of frames'),
    },
    'optim_wrapper': {
        'accumulative_counts': Key(
            'batches a step of the optimizer',
            'large_models.md#bfloat16-and-gradient-accumulation',
        ),
        'clip_grad': Key(
            "`dict(max_norm=...)` for the norm of all gradients, `dict(type='value', "
            'clip_value=...)` for each of their values'
        ),
        'constructor': Key(
            'what groups the parameters: `LayerDecayConstructor` and others',
            type='str or dict',
            default="`'DefaultOptimWrapperConstructor'`",
        ),
        'dtype': Key("`AmpOptimWrapper`: `'float16'` or `'bfloat16'`", type='str'),
        'loss_scale': Key("`AmpOptimWrapper`: the factor of the loss, `'dynamic'` or a number"),
        'optimizer': Key("the optimizer, torch's or a registered one, such as `LARS`"),
        'paramwise_cfg': Key(
            'rates and decays of some parameters; `norm_decay_mult`, `bias_decay_mult`, '
            '`flat_decay_mult`, `bias_lr_mult` and `custom_keys` with the usual constructor',
            type='dict',
            default='`None`',
        ),
        'use_fsdp': Key("`AmpOptimWrapper`: for mmengine's shares; see `fully_shard`"),
    },
    'param_scheduler': {
        'begin': Key('the step at which it begins; a step is an epoch, or an iteration'),
        'by_epoch': Key('whether a step is an epoch'),
        'convert_to_iter_based': Key(
            'whether the rate changes with each iteration, although lengths are in epochs',
            type='bool',
            default='`False`',
        ),
        'end': Key('the step at which it ends'),
        'last_step': Key('the step before the first one; a resumed training sets it'),
        'param_name': Key("what changes, such as `'weight_decay'`; `...LR` has it already"),
        'verbose': Key('whether to print each value'),
        'T_max': Key('the length of half a cosine; if None, `end - begin`'),
        'end_factor': Key('the last value, as a factor of the initial one'),
        'eta_min': Key('the value at the end of the cosine; if None and no ratio, 0'),
        'eta_min_ratio': Key('the same, as a factor of the initial value'),
        'gamma': Key('the factor of each fall'),
        'milestones': Key('the steps of the falls'),
        'start_factor': Key('the first value, as a factor of the initial one'),
        'step_size': Key('the steps from one fall to the next'),
    },
    'val_cfg': {'fp16': Key('whether to compute in half precision')},
    'default_hooks': {
        'checkpoint': Key(
            'saves checkpoints', 'reliability.md#stop-and-go-on', 'CheckpointHook', 'each epoch'
        ),
        'health': Key(
            'measures whether the training goes well',
            'monitoring.md#health',
            'HealthHook',
            'none; all configs have it',
        ),
        'logger': Key('writes the log', 'visualization.md#curves', 'LoggerHook', 'added'),
        'param_scheduler': Key('moves the schedules', '', 'ParamSchedulerHook', 'added'),
        'recent_checkpoint': Key(
            'saves `recent.pth` every few minutes and when a signal stops the training',
            'reliability.md#stop-and-go-on',
            'RecentCheckpointHook',
            'added',
        ),
        'runtime_info': Key('logs rates and progress', '', 'RuntimeInfoHook', 'added'),
        'sampler_seed': Key('tells samplers the epoch', '', 'DistSamplerSeedHook', 'added'),
        'timer': Key('logs times and what is left', '', 'IterTimerHook', 'added'),
    },
    'default_hooks.logger': {
        'backend_args': _BACKEND,
        'file_client_args': _FILE_CLIENT,
        'ignore_last': Key(
            'whether the last iterations of an epoch, fewer than `interval`, are left out'
        ),
        'interval': Key('iterations from one line of the log to the next'),
        'interval_exp_name': Key(
            'iterations after which the name of the run stands in the log again'
        ),
        'keep_local': Key('whether logs that are copied to `out_dir` stay'),
        'log_metric_by_epoch': Key('whether validations are logged by epochs or by iterations'),
        'out_dir': _OUT_DIR,
        'priority': _PRIORITY,
        'out_suffix': Key('the endings of the files that are copied there'),
    },
    'default_hooks.checkpoint': {
        'backend_args': _BACKEND,
        'by_epoch': Key('whether `interval` is in epochs or in iterations'),
        'file_client_args': _FILE_CLIENT,
        'filename_tmpl': Key(
            'the name, with `{}` for the number; if None, `epoch_{}.pth` or `iter_{}.pth`'
        ),
        'greater_keys': Key('the metrics of which more is better, if `rule` is None'),
        'interval': Key('from one checkpoint to the next; -1: none'),
        'less_keys': Key('the metrics of which less is better, if `rule` is None'),
        'max_keep_ckpts': Key('how many are kept; -1: all'),
        'out_dir': _OUT_DIR,
        'priority': _PRIORITY,
        'published_keys': Key('the keys of a further file that is written at the end'),
        'rule': Key("`'greater'` or `'less'` is better"),
        'save_begin': Key('the epoch or iteration before which none is saved'),
        'save_best': Key("the metric whose best checkpoint is kept too; `'auto'`: the first one"),
        'save_last': Key('whether to save one at the end in any case'),
        'save_optimizer': Key('whether it holds the state of the optimizer; needed to resume'),
        'save_param_scheduler': Key(
            'whether it holds the state of the schedules; needed to resume'
        ),
    },
    'default_hooks.health': {'priority': _PRIORITY},
    'default_hooks.recent_checkpoint': {'priority': _PRIORITY},
    'env_cfg': {
        'cudnn_benchmark': Key(
            'whether cuDNN looks for the fastest kernels', '', 'bool', '`False`'
        ),
        'dist_cfg': Key(
            '`backend`, which is gloo where there is no GPU, and `timeout` in seconds',
            'distributed.md#several-machines',
            'dict',
            "`dict(backend='nccl')`",
        ),
        'mp_cfg': Key(
            'how workers start (`mp_start_method`) and the threads of OpenCV in them '
            '(`opencv_num_threads`)',
            '',
            'dict',
            "`dict(mp_start_method='fork', opencv_num_threads=0)`",
        ),
        'resource_limit': Key('how many files a process may open, at least', '', 'int', '`4096`'),
    },
    'randomness': {
        'deterministic': Key('whether only kernels that give the same values each time are used'),
        'diff_rank_seed': Key('whether each process has a seed of its own'),
        'seed': Key(
            'the seed; if None, a random one',
            type='int',
            default='`None`; `0` with `tools/train.py`',
        ),
    },
    'auto_scale_lr': {
        'base_batch_size': Key(
            'videos a step, on all processes, that `lr` is for', '', 'int', 'required'
        ),
        'enable': Key('whether to scale; `--auto-scale-lr` sets it', '', 'bool', '`False`'),
    },
    'log_processor': {
        'by_epoch': Key('whether lines of the log count epochs'),
        'custom_cfg': Key('other means of some values'),
        'log_with_hierarchy': Key('whether names begin with `train/`, `val/` and `test/`'),
        'mean_pattern': Key('the names of the values that are averaged, a regular expression'),
        'num_digits': Key('the digits of a value in the log'),
        'window_size': Key('how many iterations a logged value averages'),
    },
    'model': {
        'head': Key('what maps embeddings to the scores of a loss'),
        'inter': Key('the objective between videos: its neck, queue and loss'),
        'intra': Key('the objective within a video'),
        'loss': Key('the loss'),
        'momentum': Key(
            'the share of the moving average that a step keeps, or a schedule, such as '
            "`dict(type='CosineMomentum', base=0.99)`"
        ),
        'neck': Key('what maps pooled features to embeddings'),
        'order': Key('the task of the order of segments'),
    },
}
