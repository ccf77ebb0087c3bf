# VCLR on UCF101, the training videos of split 1, without their labels.
_base_ = 'vclr_r50_8xb32-3seg-400e_kinetics400.py'

data_root = '{{$VSSLBOX_UCF101:data/ucf101}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='ucf101_train_split_1_videos.txt',
        data_prefix=dict(video='videos'),
    )
)
