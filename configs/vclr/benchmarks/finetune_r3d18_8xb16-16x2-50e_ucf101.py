# VCLR's Table 10: fine-tuning of R3D-18 on UCF101, split 1, 8 GPUs x 16 videos. The paper gives no
# settings: the schedule is that of its TSN on HMDB51.
#
# `VSSLBOX_VCLR` names the checkpoint of a pretraining by VCLR, SeCo, DPC or pace prediction.
_base_ = [
    '../../_base_/protocols/clip_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_VCLR:weights/vclr_r3d18.pth}}'
# DPC's BatchNorm keeps no statistics.
start = dict(
    type='vsslbox.PretrainedBackbone', checkpoint=start_weights, allow_missing='*.running_'
)
model = dict(
    backbone=dict(type='VideoResNet3d', init_cfg=start),
    cls_head=dict(in_channels=512, num_classes=101, dropout_ratio=0.5),
)
train_dataloader = dict(dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=50)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.0125, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=40, norm_type=2),
)
param_scheduler = dict(type='MultiStepLR', milestones=[20, 40], gamma=0.1)
auto_scale_lr = dict(enable=False, base_batch_size=128)
