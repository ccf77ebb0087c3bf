# VCLR's fine-tuning on HMDB51, split 1, by TSN: 8 GPUs x 32 videos of 8 frames, 50 epochs; tested
# on 8 frames.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/frames_8seg.py',
    '../../_base_/datasets/hmdb51.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51, dropout_ratio=0.4, init_std=0.01))
train_dataloader = dict(batch_size=32, dataset=_base_.hmdb51_train)
val_dataloader = dict(dataset=_base_.hmdb51_test)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.025))
auto_scale_lr = dict(enable=False, base_batch_size=256)
