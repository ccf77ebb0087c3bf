# Kinetics-400; tested on its validation videos.
_base_ = './classification_32x2.py'

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

validation = dict(
    data_root=data_root,
    ann_file='kinetics400_val_list_videos.txt',
    data_prefix=dict(video='videos_val'),
)
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)
val_dataloader = dict(dataset=validation)
test_dataloader = dict(dataset=validation)
