# Table 3: bins of 130 frames; see the recipe for bins of 52 frames for how to make the list.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(bank=dict(num_videos=473532), loss=dict(background_size=4096))
custom_hooks = [dict(_base_.cluster, num_clusters=5000)]
bins = dict(type='BinnedVideoDataset', ann_file='kinetics400_train_list_num_frames.csv')
steps = dict(restrict=dict(_delete_=True, type='RestrictToBin'))
train_dataloader = dict(dataset=dict(bins, bin_interval=130, pipeline=steps))

train_cfg = dict(max_epochs=474, val_interval=3)
param_scheduler = dict(milestones=[372, 433])
default_hooks = dict(checkpoint=dict(interval=3))
