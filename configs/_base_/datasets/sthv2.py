# Something-Something V2; tested on its validation videos.
data_root = '{{$VSSLBOX_STHV2:data/sthv2}}'

sthv2_train = dict(
    data_root=data_root, ann_file='sthv2_train_list_videos.txt', data_prefix=dict(video='videos')
)
sthv2_test = dict(sthv2_train, ann_file='sthv2_val_list_videos.txt')
