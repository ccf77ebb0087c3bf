# Fine-tuning after 3D-RotNet on UCF101, split 1, on clips of 64 successive frames.
_base_ = './finetune_r3d18_1xb8-16x2-150e_ucf101.py'

steps = dict(sample=dict(clip_len=64, frame_interval=1))
train_dataloader = dict(dataset=dict(pipeline=steps))
val_dataloader = dict(dataset=dict(pipeline=steps))
test_dataloader = val_dataloader
