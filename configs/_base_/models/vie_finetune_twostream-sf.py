# VIE-TwoStream-SF: `VSSLBOX_VIE_SINGLE` names the checkpoint of VIE-Single, `VSSLBOX_VIE_DYNAMIC`
# that of VIE-SlowFast. See vie_finetune.py.
#
# The classifier sees what Single and SlowFast give by themselves, 512 + 704 values. In the authors'
# code it doesn't see the last 64, the fast pathway's own.
_base_ = './vie_finetune.py'

static_weights = '{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'
dynamic_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slowfast.pth}}'

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
            type='PreActSlowFast',
            init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=dynamic_weights),
        ),
    ),
    cls_head=dict(in_channels=1216, init_std=(2 / 1216) ** 0.5),
)
