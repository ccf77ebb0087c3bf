# The baseline SimCLR-inflated: a 2D ResNet-50 pretrained by SimCLR on frames (configs/simclr), its
# kernels repeated over time.
_base_ = './linear_r3d50_8xb128-32x2-100e_kinetics400.py'

model = dict(
    backbone=dict(
        init_cfg=dict(checkpoint='{{$VSSLBOX_SIMCLR:weights/simclr_r50.pth}}', inflate=True)
    )
)
