# VDIM on Kinetics-600: 16 GPUs x 15 videos, 100 000 steps.
_base_ = [
    '../_base_/models/vdim_r21d.py',
    '../_base_/datasets/vdim_pretrain.py',
    '../_base_/schedules/vdim_adam.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$VSSLBOX_KINETICS600:data/kinetics600}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics600_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)

# 1504 steps each for the authors' 361 080 videos, 100 768 in all.
train_cfg = dict(max_epochs=67)
default_hooks = dict(checkpoint=dict(interval=5))
