# VIE-Slow, with clips of 224x224 pixels.
_base_ = './vie_readout.py'

model = dict(
    backbone=dict(
        conv1_kernel_t=1,
        pool1_t=(1, 1),
        kernels_t=[(1, 1), (1, 1), (3, 1), (3, 1)],
        strides_t=(1, 1, 1, 1),
    ),
    in_features=dict(conv3=128 * 28 * 28, conv4=256 * 14 * 14, conv5=512 * 7 * 7),
)
