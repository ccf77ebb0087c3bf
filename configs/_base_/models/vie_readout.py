# Linear read-outs of three stages of a frozen network of VIE: VIE-3DResNet with clips of 112x112
# pixels. For another network, a child sets `model` from vie_networks.py.
#
# `VSSLBOX_VIE` names the checkpoint of a pretraining by VIE. For networks with random weights, set
# `model.backbone.init_cfg=None`.
model = dict(
    type='LayerReadout',
    data_preprocessor=dict(
        type='ViewsPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(
        type='PreActResNet3d',
        init_cfg=dict(
            type='vsslbox.PretrainedBackbone', checkpoint='{{$VSSLBOX_VIE:weights/vie.pth}}'
        ),
    ),
    # Channels x height x width of the maps.
    in_features=dict(conv3=128 * 14 * 14, conv4=256 * 7 * 7, conv5=512 * 4 * 4),
)
