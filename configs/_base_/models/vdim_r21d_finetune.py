# VDIM's encoder with the projection of its global layer, and a classifier with one hidden layer on
# the features of 4 views side by side; all weights are trained. A config sets `num_classes`.
#
# `VSSLBOX_VDIM` names the checkpoint of a pretraining by VDIM. For a start from scratch add
# `--cfg-options model.backbone.init_cfg=None`.
start_weights = '{{$VSSLBOX_VDIM:weights/vdim_r21d.pth}}'

imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor', format_shape='NCTHW', **imagenet
    ),
    # The encoder and the projection of vdim_r21d.py.
    backbone=dict(
        type='ProjectedBackbone',
        backbone=dict(type='VDIMEncoder', base_channels=64, extra_blocks=3),
        neck=dict(type='ResidualMLPNeck', in_channels=512, out_channels=512),
        layer=8,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='MLPClsHead',
        in_channels=512,
        num_views=4,
        hidden_channels=1024,
        dropout_ratio=0.2,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        average_clips='prob',
    ),
    # At most this many views of a video go through the network at once.
    test_cfg=dict(max_testing_views=32),
)
