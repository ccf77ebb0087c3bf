# UCF101, split 1; tested on its test videos. Accuracies over all splits are means of three runs:
# tools/run_splits.py does them.
data_root = '{{$VSSLBOX_UCF101:data/ucf101}}'

ucf101_test = dict(
    data_root=data_root,
    ann_file='ucf101_val_split_1_videos.txt',
    data_prefix=dict(video='videos'),
)
ucf101_train = dict(ucf101_test, ann_file='ucf101_train_split_1_videos.txt')
