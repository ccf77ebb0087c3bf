# A pretrained R3D-50 and a linear classifier, all of it trained. A config sets `num_classes`.
#
# `VSSLBOX_CVRL` names the checkpoint of a pretraining by CVRL. For weights that were converted from
# the authors' own, add `--cfg-options model.backbone.padding=same`; for a start from scratch,
# `model.backbone.init_cfg=None`.
start_weights = '{{$VSSLBOX_CVRL:weights/cvrl_r3d50.pth}}'

model = dict(
    type='mmaction.Recognizer3D',
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
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    # Neither paper nor code mentions dropout or features of length 1 in fine-tuning.
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=2048,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        average_clips='prob',
    ),
)
