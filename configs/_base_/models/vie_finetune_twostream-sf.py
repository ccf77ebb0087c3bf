# VIE-TwoStream-SF for fine-tuning. `VSSLBOX_VIE_SINGLE` names the checkpoint of VIE-Single,
# `VSSLBOX_VIE_DYNAMIC` that of VIE-SlowFast.
#
# The classifier sees Single's 512 values and the 640 of SlowFast's slow pathway with what joins it,
# following the authors' code. The 64 values of the fast pathway's own end, which the fine-tuning of
# SlowFast alone adds, are left out.
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
head = dict(in_channels=1152, init_std=(2 / 1152) ** 0.5)
