# Kinetics-600; tested on its validation videos.
_base_ = './classification_32x2.py'

data_root = '{{$VSSLBOX_KINETICS600:data/kinetics600}}'

validation = dict(
    data_root=data_root,
    ann_file='kinetics600_val_list_videos.txt',
    data_prefix=dict(video='videos_val'),
)
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics600_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)
val_dataloader = dict(dataset=validation)
test_dataloader = dict(dataset=validation)
