# Kinetics-400; tested on its validation videos.
data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

kinetics400_train = dict(
    data_root=data_root,
    ann_file='kinetics400_train_list_videos.txt',
    data_prefix=dict(video='videos_train'),
)
kinetics400_test = dict(
    data_root=data_root,
    ann_file='kinetics400_val_list_videos.txt',
    data_prefix=dict(video='videos_val'),
)
# A part of the labels. The lists are made by, for example,
#
#   python tools/data/make_subset.py $VSSLBOX_KINETICS400/kinetics400_train_list_videos.txt \
#       --percent 1 --out $VSSLBOX_KINETICS400/kinetics400_train_1percent_list_videos.txt
kinetics400_1percent = dict(
    kinetics400_train, ann_file='kinetics400_train_1percent_list_videos.txt'
)
kinetics400_10percent = dict(
    kinetics400_train, ann_file='kinetics400_train_10percent_list_videos.txt'
)
