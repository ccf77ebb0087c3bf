# NTU RGB+D of 60 classes, cross-subject.
data_root = '{{$VSSLBOX_NTU60:data/ntu60}}'

ntu60_train = dict(
    data_root=data_root,
    ann_file='ntu60_xsub_train_list_videos.txt',
    data_prefix=dict(video='videos'),
)
ntu60_test = dict(ntu60_train, ann_file='ntu60_xsub_val_list_videos.txt')
