# HMDB51, split 1; tested on its test videos. Accuracies over all splits are means of three runs:
# tools/run_splits.py does them.
data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

hmdb51_test = dict(
    data_root=data_root,
    ann_file='hmdb51_val_split_1_videos.txt',
    data_prefix=dict(video='videos'),
)
hmdb51_train = dict(hmdb51_test, ann_file='hmdb51_train_split_1_videos.txt')
