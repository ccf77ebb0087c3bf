# VIE-TwoStream with Slow as the dynamic network, and clips of 224x224 pixels. Both networks see
# the same frames.
#
# `VSSLBOX_VIE_SINGLE` names the checkpoint of VIE-Single, `VSSLBOX_VIE_DYNAMIC` that of VIE-Slow.
_base_ = './vie_readout.py'

static_weights = '{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'
dynamic_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slow.pth}}'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TwoStream',
        static=dict(
            type='PreActResNet3d',
            conv1_kernel_t=1,
            pool1_t=(1, 1),
            kernels_t=[(1, 1)] * 4,
            strides_t=(1, 1, 1, 1),
            init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=static_weights),
        ),
        dynamic=dict(
            type='PreActResNet3d',
            conv1_kernel_t=1,
            pool1_t=(1, 1),
            kernels_t=[(1, 1), (1, 1), (3, 1), (3, 1)],
            strides_t=(1, 1, 1, 1),
            init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=dynamic_weights),
        ),
    ),
    in_features=dict(
        conv3=(128 + 128) * 28 * 28, conv4=(256 + 256) * 14 * 14, conv5=(512 + 512) * 7 * 7
    ),
    # The limit of 200 000 values is that of each network's map.
    max_features=400_000,
)
