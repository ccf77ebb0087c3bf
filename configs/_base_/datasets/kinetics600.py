# Kinetics-600; tested on its validation videos.
data_root = '{{$VSSLBOX_KINETICS600:data/kinetics600}}'

kinetics600_train = dict(
    data_root=data_root,
    ann_file='kinetics600_train_list_videos.txt',
    data_prefix=dict(video='videos_train'),
)
kinetics600_test = dict(
    data_root=data_root,
    ann_file='kinetics600_val_list_videos.txt',
    data_prefix=dict(video='videos_val'),
)
# A part of the labels. The lists are made by, for example,
#
#   python tools/data/make_subset.py $VSSLBOX_KINETICS600/kinetics600_train_list_videos.txt \
#       --percent 1 --out $VSSLBOX_KINETICS600/kinetics600_train_1percent_list_videos.txt
kinetics600_1percent = dict(
    kinetics600_train, ann_file='kinetics600_train_1percent_list_videos.txt'
)
kinetics600_10percent = dict(
    kinetics600_train, ann_file='kinetics600_train_10percent_list_videos.txt'
)
