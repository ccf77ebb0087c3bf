# VDIM, pretrained on Kinetics-600 and fine-tuned on HMDB51, split 1: windows of 2 views, since its
# videos are short; 36 epochs are the 4 000 steps of the paper (3 996 of 32 videos).
_base_ = [
    '../../_base_/protocols/vdim_finetune.py',
    '../../_base_/models/vdim_r21d_finetune.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51, num_views=2))
window = dict(sample=dict(num_views=2))
train_dataloader = dict(dataset=dict(_base_.hmdb51_train, pipeline=window))
val_dataloader = dict(dataset=dict(_base_.hmdb51_test, pipeline=window))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=36, val_interval=6)
param_scheduler = dict(step_size=400)
