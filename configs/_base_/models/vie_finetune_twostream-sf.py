# VIE-TwoStream-SF for fine-tuning. `VSSLBOX_VIE_SINGLE` names the checkpoint of VIE-Single,
# `VSSLBOX_VIE_DYNAMIC` that of VIE-SlowFast.
#
# The classifier sees all features of Single and SlowFast, 512 + 704 values. In the authors' code it
# does not see the last 64, which belong to the fast pathway.
static_weights = '{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'
dynamic_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slowfast.pth}}'

network = dict(
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
        type='PreActSlowFast',
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=dynamic_weights),
    ),
)
# The classifier's weights are drawn by the fan-in, following the authors' code (mmaction2's default
# is 0.01).
head = dict(in_channels=1216, init_std=(2 / 1216) ** 0.5)
