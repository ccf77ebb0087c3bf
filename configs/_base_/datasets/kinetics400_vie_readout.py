# Kinetics-400 for the layer read-outs of VIE: augmented as in pretraining, and tested on its
# validation videos. A child gives the pipelines of its network's clips: 224x224 pixels, or 112x112
# for the 3D ResNet.
_base_ = './vie_pretrain.py'

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

change_geometry = dict(
    type='AugmentViews',
    transforms=[
        dict(type='RandomShortSide', low=256, high=319),
        dict(type='RandomCrop', size=224),
        dict(type='RandomFlip', prob=0.5),
    ],
)
change_geometry_112 = dict(type='AugmentViews', transforms={{_base_.augmentation}})
change_colors = dict(type='AugmentViews', transforms={{_base_.colors}})
crop_center = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=256), dict(type='CenterCrop', size=224)],
)
crop_center_112 = dict(
    type='AugmentViews',
    transforms=[dict(type='Resize', short_side=128), dict(type='CenterCrop', size=112)],
)

# A child tests 5 clips, the first at a video's first frame and the last at its last possible one,
# and averages their probabilities. So do the authors for 3DResNet and SlowFast, where they repeat
# a video that is shorter than all clips together. For the others they leave room at both ends:
# Slow and TRN start at the sixths of what there is for a start, Single takes the middles of the
# fifths.
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_train_list_videos.txt',
        data_prefix=dict(video='videos_train'),
    )
)
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='VideoDataset',
        data_root=data_root,
        ann_file='kinetics400_val_list_videos.txt',
        data_prefix=dict(video='videos_val'),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ReadoutMetric')
test_evaluator = val_evaluator
