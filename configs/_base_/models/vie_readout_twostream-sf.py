# VIE-TwoStream with SlowFast as the dynamic network. `VSSLBOX_VIE_DYNAMIC` names the checkpoint of
# VIE-SlowFast.
_base_ = './vie_readout_twostream-s.py'

dynamic_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slowfast.pth}}'

model = dict(
    backbone=dict(
        dynamic=dict(
            _delete_=True,
            type='PreActSlowFast',
            init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=dynamic_weights),
        )
    ),
    in_features=dict(
        conv3=(128 + 160) * 28 * 28, conv4=(256 + 320) * 14 * 14, conv5=(512 + 640) * 7 * 7
    ),
)
