# CVRL with R3D-50 on Kinetics-400: 32 GPUs x 32 videos, 800 epochs.
_base_ = [
    '../_base_/models/cvrl_r3d50.py',
    '../_base_/datasets/cvrl_pretrain.py',
    '../_base_/schedules/cvrl_sgd_800e.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)
default_hooks = dict(checkpoint=dict(interval=10))
