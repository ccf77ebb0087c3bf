# VDIM, pretrained on Kinetics-600 and fine-tuned on UCF101, split 1: 2 GPUs x 16 windows of 4 views
# of 32 frames. The test averages all windows of a video; one begins every 32 frames.
_base_ = [
    '../../_base_/protocols/vdim_finetune.py',
    '../../_base_/models/vdim_r21d_finetune.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=101))
train_dataloader = dict(dataset=_base_.ucf101_train)
val_dataloader = dict(dataset=_base_.ucf101_test)
test_dataloader = val_dataloader
