"""Checkpoints of fine-tuned classifiers, without a training."""

from pathlib import Path

import torch
from mmengine.registry import DefaultScope

from vsslbox.apis.finetune_config import finetune_config
from vsslbox.registry import MODELS

__all__ = ['CLASSIFIERS', 'save_classifier']

# The pretraining and the model of each kind, and the clips of a video that it sees.
CLASSIFIERS = {
    'tsn': ('zoo://vclr_r18w16_demo', 'tsn', (8, 3, 64, 64)),
    'tsm': ('zoo://vclr_r18w16_demo', 'tsm', (8, 3, 64, 64)),
    '3d': ('zoo://cvrl_r3d18w12_demo', '3d', (3, 3, 8, 64, 64)),
}


def save_classifier(path: Path, name: str, classes: list[str], seed: int = 0) -> Path:
    """Write a classifier whose head is random; see :data:`CLASSIFIERS`."""
    checkpoint, kind, _ = CLASSIFIERS[name]
    config = finetune_config(checkpoint, len(classes), kind=kind)
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(config.model)
    model.init_weights()
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=0.3)
    meta = dict(cfg=config.pretty_text, dataset_meta=dict(classes=classes))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path
