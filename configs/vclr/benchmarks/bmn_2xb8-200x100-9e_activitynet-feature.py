# VCLR's localization on ActivityNet-1.3: BMN on the 200 class scores of the TSN fine-tuned by
# tsn_r50_8xb8-8seg-50e_activitynet.py, every 16 frames, in 100 steps; 2 GPUs x 8 videos.
# docs/localization.md explains how to get the features.
_base_ = [
    '../../_base_/models/bmn_400x100.py',
    '../../_base_/datasets/activitynet_features.py',
    '../../_base_/schedules/bmn_9e.py',
    '../../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_ACTIVITYNET:data/activitynet}}'

model = dict(feat_dim=200)
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = train_dataloader
test_dataloader = train_dataloader
