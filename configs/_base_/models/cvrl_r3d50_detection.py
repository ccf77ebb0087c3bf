# A pretrained R3D-50 and a classifier of the actions in boxes of people, all of it trained: 80
# actions, and a class 0 that is never positive, as in mmaction2.
#
# As the field does, the last stage keeps the resolution of the one before, so that its maps have 1
# position per 16 pixels, and dilation keeps the reach of its kernels; the pretrained weights stay
# as they are. (mmaction2's own configs leave the dilation out.)
#
# `VSSLBOX_CVRL` names the checkpoint of a pretraining by CVRL, or of the authors' weights after
# tools/convert/import_weights.py.
start_weights = '{{$VSSLBOX_CVRL:weights/cvrl_r3d50.pth}}'

model = dict(
    type='FastRCNN',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255],
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='R3DResNet',
        depth=50,
        base_channels=64,
        padding='same',
        spatial_strides=(1, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    roi_head=dict(
        type='AVARoIHead',
        featmap_stride=16,
        roi_size=8,
        bbox_head=dict(type='BBoxHeadAVA', in_channels=2048, num_classes=81),
    ),
)
