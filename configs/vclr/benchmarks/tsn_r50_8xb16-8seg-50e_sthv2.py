# VCLR's fine-tuning on Something-Something V2 by TSN: 8 GPUs x 16 videos, 50 epochs; tested on ten
# crops of 8 frames.
#
# The authors' code tests on random frames of the segments instead of the middle ones. For that, add
# `--cfg-options test_dataloader.dataset.pipeline.sample.type=SampleRandomSegmentFrames`.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/sthv2_8seg.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=174, dropout_ratio=0.5, init_std=0.01))
train_dataloader = dict(batch_size=16)
ten_crops = dict(
    augment=dict(transforms=dict(crop=None)),
    crops=dict(_delete_=True, type='TenCrops', size=224),
)
test_dataloader = dict(dataset=dict(pipeline=ten_crops))
optim_wrapper = dict(optimizer=dict(lr=0.02))
auto_scale_lr = dict(enable=False, base_batch_size=128)
