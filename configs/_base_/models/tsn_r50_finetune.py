# TSN: a pretrained 2D ResNet-50 and a linear classifier of the mean of its features over the
# frames, all of it trained. A config sets `num_classes`, `dropout_ratio` and `init_std`.
#
# `VSSLBOX_VCLR` names the checkpoint of a pretraining by VCLR, vsslbox's or the authors'; for a
# start from scratch, add `--cfg-options model.backbone.init_cfg=None`.
start_weights = '{{$VSSLBOX_VCLR:weights/vclr_r50.pth}}'

imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    type='mmaction.Recognizer2D',
    data_preprocessor=dict(type='mmaction.ActionDataPreprocessor', format_shape='NCHW', **imagenet),
    backbone=dict(
        type='mmaction.ResNet',
        depth=50,
        norm_eval=False,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='mmaction.TSNHead',
        in_channels=2048,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        average_clips='prob',
    ),
)
