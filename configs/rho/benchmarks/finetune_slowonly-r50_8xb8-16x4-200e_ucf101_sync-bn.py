# The same on clips of 16 frames, 4 apart, with BatchNorm over all GPUs.
_base_ = './finetune_slowonly-r50_8xb8-8x8-200e_ucf101.py'

sync_bn = 'torch'

clip = dict(pipeline=dict(sample=dict(clip_len=16, frame_interval=4)))
model = dict(cls_head=dict(dropout_ratio=0.8))
train_dataloader = dict(dataset=clip)
val_dataloader = dict(dataset=clip)
test_dataloader = dict(dataset=clip)
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=0))
