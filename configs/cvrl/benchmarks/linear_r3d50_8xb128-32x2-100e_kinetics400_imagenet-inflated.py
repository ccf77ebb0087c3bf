# The baseline ImageNet-inflated: torchvision's ResNet-50, its kernels repeated over time. It was
# trained on values with mean 0 and deviation 1.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics400.py'

model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(
        init_cfg=dict(
            checkpoint='{{$VSSLBOX_IMAGENET_R50:weights/resnet50-0676ba61.pth}}', inflate=True
        )
    ),
)
