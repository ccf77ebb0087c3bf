# VCLR's fine-tuning on UCF101, split 1, by TSN: 8 GPUs x 32 videos of 3 frames, 300 epochs; tested
# on 25 frames.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/frames_8seg.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=101, dropout_ratio=0.4, init_std=0.001))
train_dataloader = dict(
    batch_size=32,
    dataset=dict(_base_.ucf101_train, pipeline=dict(sample=dict(num_segments=3))),
)
val_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=dict(sample=dict(num_segments=25))))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=300, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=5e-4))
param_scheduler = dict(milestones=[120, 240])
auto_scale_lr = dict(enable=False, base_batch_size=256)
