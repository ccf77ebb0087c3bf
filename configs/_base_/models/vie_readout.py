# Linear read-outs of three stages of a frozen network of VIE. A child names the network and the
# values of its maps; it is VIE-3DResNet with clips of 112x112 pixels here.
#
# `VSSLBOX_VIE` names the checkpoint of a pretraining by VIE. For networks with random weights, set
# `model.backbone.init_cfg=None`.
start_weights = '{{$VSSLBOX_VIE:weights/vie.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)

model = dict(
    type='LayerReadout',
    data_preprocessor=dict(
        type='ViewsPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type='PreActResNet3d', init_cfg=start),
    # Channels x height x width of the maps.
    in_features=dict(conv3=128 * 14 * 14, conv4=256 * 7 * 7, conv5=512 * 4 * 4),
)
