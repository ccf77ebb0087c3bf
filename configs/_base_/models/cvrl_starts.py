# Other starts of R3D-50 in the tables of CVRL's paper. A config takes one as its `model`.
#
# A 2D ResNet-50 is inflated: its kernels are repeated over time. It was trained with padding alike
# on both sides. `VSSLBOX_SIMCLR` names its pretraining by SimCLR on frames (configs/simclr).
# ImageNet's is torchvision's, trained on values with mean 0 and deviation 1.
#
# `VSSLBOX_CVRL_SUPERVISED` names a training with labels, by the config supervised_r3d50_....
def inflated(checkpoint):
    return dict(padding='symmetric', init_cfg=dict(checkpoint=checkpoint, inflate=True))


supervised_weights = '{{$VSSLBOX_CVRL_SUPERVISED:weights/r3d50_supervised.pth}}'
starts = dict(
    scratch=dict(backbone=dict(init_cfg=None)),
    supervised=dict(backbone=dict(init_cfg=dict(checkpoint=supervised_weights))),
    simclr=dict(backbone=inflated('{{$VSSLBOX_SIMCLR:weights/simclr_r50.pth}}')),
    imagenet=dict(
        data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
        backbone=inflated('{{$VSSLBOX_IMAGENET_R50:weights/resnet50-0676ba61.pth}}'),
    ),
)
