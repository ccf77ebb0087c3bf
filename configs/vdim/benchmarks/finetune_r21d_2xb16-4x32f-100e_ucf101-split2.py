# Split 2 of UCF101; the paper gives the mean over the three.
_base_ = './finetune_r21d_2xb16-4x32f-100e_ucf101-split1.py'

train_dataloader = dict(dataset=dict(ann_file='ucf101_train_split_2_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file='ucf101_val_split_2_videos.txt'))
test_dataloader = val_dataloader
