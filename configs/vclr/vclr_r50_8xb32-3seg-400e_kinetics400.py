# VCLR on Kinetics-400: 8 GPUs x 32 videos, 400 epochs.
_base_ = [
    '../_base_/models/vclr_r50.py',
    '../_base_/datasets/vclr_pretrain.py',
    '../_base_/schedules/vclr_sgd_400e.py',
    '../_base_/default_runtime.py',
]

# The authors extract frames at 30 per second, stretched to 340x256, 300 frames a video.
data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)
default_hooks = dict(checkpoint=dict(interval=10))
