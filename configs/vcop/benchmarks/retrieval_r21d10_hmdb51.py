# VCOP's video retrieval on HMDB51, split 1, with R(2+1)D.
_base_ = './retrieval_r3d10_ucf101.py'

data_root = '{{$VSSLBOX_HMDB51:data/hmdb51}}'

model = dict(backbone=dict(_base_.networks.r21d10, _delete_=True))
test = dict(data_root=data_root, ann_file='hmdb51_val_split_1_videos.txt')
train = dict(test, ann_file='hmdb51_train_split_1_videos.txt')
test_dataloader = dict(dataset=test)
test_cfg = dict(protocol='vcop-retrieval-hmdb51-split1', gallery_dataloader=dict(dataset=train))
