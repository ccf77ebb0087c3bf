# CVRL's fine-tuning on UCF101, from ImageNet, inflated.
_base_ = './finetune_r3d50_8xb16-32x2-50e_ucf101.py'

model = _base_.starts.imagenet
