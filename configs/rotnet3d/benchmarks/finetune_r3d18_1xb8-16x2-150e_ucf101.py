# Fine-tuning after 3D-RotNet on UCF101, split 1, on clips of 16 frames, 2 apart. The authors
# published no code for it: this is the protocol of VCOP, with the mean and deviation of the
# pretraining.
#
# `VSSLBOX_ROTNET3D` names the checkpoint of its pretraining; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/pretext_networks.py',
    '../../_base_/protocols/pretext_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_ROTNET3D:weights/rotnet3d.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
model = dict(
    data_preprocessor=dict(mean=[110.6445, 103.173, 96.288], std=[38.756685, 37.88025, 40.0095]),
    backbone=dict(_base_.networks.hara18, init_cfg=start),
    cls_head=dict(num_classes=101),
)
steps = dict(sample=dict(clip_len=16, frame_interval=2))
train_dataloader = dict(dataset=dict(_base_.ucf101_train, pipeline=steps))
val_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=steps))
test_dataloader = val_dataloader
