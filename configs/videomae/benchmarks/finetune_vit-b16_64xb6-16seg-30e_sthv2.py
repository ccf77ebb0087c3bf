# VideoMAE's fine-tuning of ViT-B on Something-Something V2: a frame of each of 16 segments, 64 GPUs
# x 6 videos, 30 epochs. The test takes the middles of the segments and 3 crops; the authors test a
# second set of frames too.
_base_ = [
    '../../_base_/protocols/videomae_finetune.py',
    '../../_base_/datasets/sthv2.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 30

augments = [dict(_base_.mixup, num_classes=174), dict(_base_.cutmix, num_classes=174)]
model = dict(
    data_preprocessor=dict(blending=dict(augments=augments)), cls_head=dict(num_classes=174)
)
segments = dict(_delete_=True, type='SampleRandomSegmentFrames', num_segments=16)
middles = dict(_delete_=True, type='SampleCentreSegmentFrames', num_segments=16)
train_steps = dict(sample=segments, augment=dict(transforms=dict(flip=None)))
train_dataloader = dict(batch_size=6, dataset=dict(_base_.sthv2_train, pipeline=train_steps))
val_dataloader = dict(dataset=dict(_base_.sthv2_test, pipeline=dict(sample=middles)))
test_dataloader = dict(dataset=dict(_base_.sthv2_test, pipeline=dict(sample=middles)))
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=7.5e-4))  # 5e-4 for 256
param_scheduler = [_base_.rise, dict(_base_.fall, end=max_epochs)]
auto_scale_lr = dict(base_batch_size=384)
