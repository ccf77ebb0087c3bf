# Fine-tuning on UCF101, split 1, after BYOL, SimCLR and SwAV ("syn8"): BatchNorm over all GPUs.
_base_ = './finetune_slowonly-r50_8xb8-8x8-200e_ucf101.py'

sync_bn = 'torch'

model = dict(cls_head=dict(dropout_ratio=0.8))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=0))
