# UCF101, split 1; tested on its test videos. Accuracies over all splits are means of three runs:
# for another split, set the three `ann_file`s.
_base_ = './classification_32x2.py'

data_root = '{{$VSSLBOX_UCF101:data/ucf101}}'

test_list = dict(
    data_root=data_root,
    ann_file='ucf101_val_split_1_videos.txt',
    data_prefix=dict(video='videos'),
)
train_dataloader = dict(dataset=dict(test_list, ann_file='ucf101_train_split_1_videos.txt'))
val_dataloader = dict(dataset=test_list)
test_dataloader = dict(dataset=test_list)
