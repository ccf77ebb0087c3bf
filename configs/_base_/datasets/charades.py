# Charades, all actions of a video as its labels.
data_root = '{{$VSSLBOX_CHARADES:data/charades}}'

charades_train = dict(
    data_root=data_root,
    ann_file='charades_train_list_videos.txt',
    data_prefix=dict(video='videos'),
    multi_class=True,
    num_classes=157,
)
charades_test = dict(charades_train, ann_file='charades_val_list_videos.txt')
