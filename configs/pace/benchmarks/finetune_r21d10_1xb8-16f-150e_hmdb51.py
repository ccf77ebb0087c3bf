# Fine-tuning of R(2+1)D after pace prediction on HMDB51, split 1. The authors published no code for
# it: this is the protocol of VCOP, on values in [0, 255] as in the pretraining.
#
# `VSSLBOX_PACE` names the checkpoint of its pretraining; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/models/pretext_networks.py',
    '../../_base_/protocols/pretext_finetune.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/default_runtime.py',
]

start = dict(type='vsslbox.PretrainedBackbone', checkpoint='{{$VSSLBOX_PACE:weights/pace.pth}}')
model = dict(
    data_preprocessor=dict(std=[1, 1, 1]),
    backbone=dict(_base_.networks.r21d10, init_cfg=start),
    cls_head=dict(num_classes=51),
)
train_dataloader = dict(dataset=_base_.hmdb51_train)
val_dataloader = dict(dataset=_base_.hmdb51_test)
test_dataloader = val_dataloader
