# VCLR's fine-tuning on Something-Something V2 by TSM on 16 frames per video.
_base_ = [
    '../../_base_/models/tsm_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_tsm_50e.py',
    '../../_base_/default_runtime.py',
]

num_segments = 16

model = dict(
    backbone=dict(num_segments=num_segments),
    cls_head=dict(num_segments=num_segments, num_classes=174, dropout_ratio=0.5, init_std=0.001),
)
sample = dict(num_segments=num_segments)
augment = dict(transforms=dict(crop=dict(num_positions=13)))
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=dict(sample=sample, augment=augment)))
val_dataloader = dict(dataset=dict(pipeline=dict(sample=sample)))
test_dataloader = val_dataloader
