# SEVERE, another domain: NTU RGB+D, cross-subject, on clips of 16 frames that last 1 s.
_base_ = [
    '../../_base_/protocols/severe_finetune.py',
    '../../_base_/datasets/ntu60.py',
    '../../_base_/default_runtime.py',
]

max_epochs = 180
model = dict(cls_head=dict(num_classes=60))
steps = dict(sample=dict(clip_len=16))
train_dataloader = dict(batch_size=64, dataset=dict(_base_.ntu60_train, pipeline=steps))
val_dataloader = dict(dataset=dict(_base_.ntu60_test, pipeline=steps))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(milestones=[90, 140, 160])
