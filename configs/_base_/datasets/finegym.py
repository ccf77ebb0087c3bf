# FineGym 1.0 and the subsets that SEVERE evaluates, by the name of the list.
data_root = '{{$VSSLBOX_FINEGYM:data/finegym}}'

gym99_train = dict(
    data_root=data_root, ann_file='gym99_train_list_videos.txt', data_prefix=dict(video='videos')
)
gym99_test = dict(gym99_train, ann_file='gym99_val_list_videos.txt')
