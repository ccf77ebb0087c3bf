# Pace prediction on Kinetics-400. The authors' code has the list of UCF101 only; that a pass
# through Kinetics counts as one of its 18 epochs is a choice.
_base_ = './pace_r21d10_1xb30-16f-180e_ucf101.py'

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

kinetics400 = dict(
    data_root=data_root,
    ann_file='kinetics400_train_list_videos.txt',
    data_prefix=dict(video='videos_train'),
)
train_dataloader = dict(dataset=kinetics400)
train_cfg = dict(max_epochs=18)
param_scheduler = dict(milestones=[6, 12])
default_hooks = dict(checkpoint=dict(interval=1))
