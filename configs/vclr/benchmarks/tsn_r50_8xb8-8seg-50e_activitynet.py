# VCLR's fine-tuning on ActivityNet-1.3 by TSN, on clips cut out where an activity is annotated:
# 8 GPUs x 8 clips, 50 epochs; tested on 25 frames x 3 crops of 256 pixels.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/frames_8seg.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_ACTIVITYNET:data/activitynet}}'

model = dict(cls_head=dict(num_classes=200, dropout_ratio=0.8, init_std=0.01))
clips = dict(data_root=data_root, data_prefix=dict(video='clips'))
train_dataloader = dict(
    batch_size=8, dataset=dict(clips, ann_file='activitynet_train_list_clips.txt')
)
test_clips = dict(clips, ann_file='activitynet_val_list_clips.txt')
val_dataloader = dict(dataset=test_clips)
three_crops = dict(
    sample=dict(num_segments=25),
    augment=dict(transforms=dict(crop=None)),
    crops=dict(_delete_=True, type='ThreeCrops', size=256),
)
test_dataloader = dict(dataset=dict(test_clips, pipeline=three_crops))
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(enable=False, base_batch_size=64)
