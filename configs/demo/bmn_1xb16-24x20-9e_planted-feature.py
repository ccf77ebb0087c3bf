# BMN on features with planted segments (tools/data/activitynet/make_demo_features.py): 24
# dimensions in 20 steps, a few minutes on a CPU.
_base_ = [
    '../_base_/models/bmn_400x100.py',
    '../_base_/datasets/activitynet_features.py',
    '../_base_/schedules/bmn_9e.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_DEMO_LOCALIZATION:data/demo_localization}}'

model = dict(
    temporal_dim=20,
    feat_dim=24,
    hidden_dim_1d=64,
    hidden_dim_2d=32,
    hidden_dim_3d=64,
)
loader = dict(batch_size=16, num_workers=1, dataset=dict(data_root=data_root, ending='.npy'))
train_dataloader = loader
val_dataloader = loader
test_dataloader = loader
test_evaluator = dict(data_root=data_root, classification='classification.json')
