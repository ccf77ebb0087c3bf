# VIE-TRN, with clips of 224x224 pixels: the network that sees its frames one by one is read.
_base_ = './vie_readout.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='FrameConcat',
        backbone=dict(
            type='PreActResNet3d',
            conv1_kernel_t=1,
            pool1_t=(1, 1),
            kernels_t=[(1, 1)] * 4,
            strides_t=(1, 1, 1, 1),
        ),
        init_cfg={{_base_.start}},
    ),
    in_features=dict(conv3=128 * 28 * 28, conv4=256 * 14 * 14, conv5=512 * 7 * 7),
)
