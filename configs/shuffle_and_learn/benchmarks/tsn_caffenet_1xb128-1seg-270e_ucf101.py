# Fine-tuning of CaffeNet after Shuffle and Learn on UCF101, split 1, on single frames; the test
# averages ten crops of 25 frames. The authors use the code of TSN; their settings are not public:
# rate, length and dropout are choices (20 000 steps of 128 frames that fall after 14 000).
#
# `VSSLBOX_SHUFFLE_AND_LEARN` names the checkpoint of its pretraining; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/frames_8seg.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_SHUFFLE_AND_LEARN:weights/shuffle_and_learn.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
model = dict(
    data_preprocessor=dict(mean=[123.68, 116.779, 103.939], std=[1, 1, 1]),
    backbone=dict(_delete_=True, type='CaffeNet', init_cfg=start),
    cls_head=dict(num_classes=101, in_channels=4096, dropout_ratio=0, init_std=0.01),
)
train_steps = dict(sample=dict(num_segments=1), augment=dict(transforms=dict(crop=dict(size=227))))
middle = dict(augment=dict(transforms=dict(crop=dict(size=227))))
ten_crops = dict(
    sample=dict(num_segments=25),
    augment=dict(transforms=dict(crop=None)),
    crops=dict(_delete_=True, type='TenCrops', size=227),
)
train_dataloader = dict(batch_size=128, dataset=dict(_base_.ucf101_train, pipeline=train_steps))
val_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=middle))
test_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=ten_crops))
# An epoch has 74 steps for 9537 videos, and 27 for the 3570 of HMDB51.
train_cfg = dict(max_epochs=270, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=5e-4))
param_scheduler = dict(milestones=[189])
auto_scale_lr = dict(enable=False, base_batch_size=128)
