# Split 3 of HMDB51; the paper gives the mean over the three.
_base_ = './finetune_r21d_2xb16-2x32f-36e_hmdb51-split1.py'

train_dataloader = dict(dataset=dict(ann_file='hmdb51_train_split_3_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file='hmdb51_val_split_3_videos.txt'))
test_dataloader = val_dataloader
