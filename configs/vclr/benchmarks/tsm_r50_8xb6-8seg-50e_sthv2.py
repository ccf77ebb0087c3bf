# VCLR's fine-tuning on Something-Something V2 by TSM: 8 GPUs x 6 videos, 50 epochs; tested on the
# centres of 8 frames.
_base_ = [
    '../../_base_/models/tsm_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_tsm_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=174, dropout_ratio=0.5, init_std=0.001))
augment = dict(transforms=dict(crop=dict(num_positions=13)))
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=dict(augment=augment)))
