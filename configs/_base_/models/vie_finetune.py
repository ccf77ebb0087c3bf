# A network pretrained by VIE and a linear classifier on its pooled features, all of it trained,
# without dropout; it is VIE-3DResNet here. A child sets `num_classes`.
#
# `VSSLBOX_VIE` names the checkpoint of the pretraining, of the same family.
start_weights = '{{$VSSLBOX_VIE:weights/vie.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)

model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    ),
    backbone=dict(type='PreActResNet3d', init_cfg=start),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=512,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        # By the fan-in, as in the authors' code (mmaction2's default is 0.01).
        init_std=(2 / 512) ** 0.5,
        average_clips='prob',
    ),
)
