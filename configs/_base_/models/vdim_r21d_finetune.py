# VDIM's encoder with the projection of its global layer, and a classifier with one hidden layer of
# the features of 4 views side by side; all of it trained. A child sets `num_classes`.
#
# `VSSLBOX_VDIM` names the checkpoint of a pretraining by VDIM. For a start from scratch add
# `--cfg-options model.backbone.init_cfg=None`.
_base_ = './vdim_r21d.py'

start_weights = '{{$VSSLBOX_VDIM:weights/vdim_r21d.pth}}'

model = dict(
    _delete_=True,
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean={{_base_.model.data_preprocessor.mean}},
        std={{_base_.model.data_preprocessor.std}},
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='ProjectedBackbone',
        backbone={{_base_.model.backbone}},
        neck={{_base_.model.neck}},
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
    # However many windows a video has, so many of their views go through the network at once.
    test_cfg=dict(max_testing_views=32),
)
