# VCLR's fine-tuning on Something-Something V2 by TSN: 8 GPUs x 16 videos, 50 epochs.
#
# The authors' code tests on random frames of the segments instead of the middle ones. For that, add
# `--cfg-options test_dataloader.dataset.pipeline.1.type=SampleRandomSegmentFrames`.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=174, dropout_ratio=0.5, init_std=0.01))
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=0.02))
auto_scale_lr = dict(enable=False, base_batch_size=128)
