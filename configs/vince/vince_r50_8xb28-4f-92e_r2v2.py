# VINCE with ResNet-50 on Random Related Video Views: 896 frames of 224 videos a step, 286 000
# steps, which are 92 epochs of its 696 082 videos. The number of GPUs is ours.
#
# A video is a folder of stills, `img_00001.jpg` and so on; for the videos of another data set, use
# `VideoDataset` and `OpenVideo`.
_base_ = ['../_base_/datasets/vclr_pretrain.py', '../_base_/default_runtime.py']

data_root = '{{$VSSLBOX_R2V2:data/r2v2}}'
max_epochs = 92

model = dict(
    type='VINCE',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='mmaction.ResNet', depth=50, norm_eval=False),
    neck=dict(type='MLPNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    head=dict(
        type='MultiPairContrastHead',
        queue=dict(type='FeatureQueue', size=65536, channels=128),
        temperature=0.2,
        within_batch=True,
    ),
    momentum=0.999,
)
jitter = dict(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2, prob=1.0)
train_dataloader = dict(
    batch_size=28,
    dataset=dict(
        type='RawframeDataset',
        data_root=data_root,
        pipeline=dict(
            open=dict(_delete_=True, type='OpenFrames'),
            sample=dict(_delete_=True, type='SampleRandomFrames', num_frames=4),
            order=None,
            augment=dict(transforms=dict(defer=dict(transforms=dict(jitter=jitter)))),
        ),
    ),
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=max_epochs)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.105, momentum=0.9, weight_decay=1e-4)
)
# Where the rate falls is not known; here after 60 and 80 of 100 steps, as MoCo's first version.
param_scheduler = dict(type='MultiStepLR', milestones=[55, 74], gamma=0.1)
auto_scale_lr = dict(enable=False, base_batch_size=224)
