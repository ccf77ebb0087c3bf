# Table 3: 30 % of the videos. Make the list first:
#
#   python tools/data/make_subset.py $VSSLBOX_KINETICS400/kinetics400_train_list_videos.txt \
#       --percent 30 --with-replacement \
#       --out $VSSLBOX_KINETICS400/kinetics400_train_30percent_list_videos.txt
#
# The authors drew with replacement, so that videos occur several times, each time with its own row
# of the bank; `--unbalanced` instead gives 30 % of different videos.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(bank=dict(num_videos=71966))
custom_hooks = [dict(_base_.cluster, num_clusters=2400)]
train_dataloader = dict(dataset=dict(ann_file='kinetics400_train_30percent_list_videos.txt'))

train_cfg = dict(max_epochs=2162, val_interval=15)
param_scheduler = dict(milestones=[1530, 1886])
default_hooks = dict(checkpoint=dict(interval=15))
