# The start weights of the authors' code (the paper does not mention them): MoCo-v2, ImageNet, 200
# epochs, trunk and projections. They are fetched when a training starts; `VSSLBOX_MOCO_V2` names
# another file. To start from scratch, add
# `--cfg-options model.backbone.init_cfg=None model.neck.init_cfg=None`.
start_weights = '{{$VSSLBOX_MOCO_V2:zoo://moco_v2_r50_imagenet}}'

queue = dict(type='FeatureQueue', size=131072, channels=128)
info_nce = dict(type='InfoNCELoss', temperature=0.1)

model = dict(
    type='VCLR',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(
        type='mmaction.ResNet',
        depth=50,
        norm_eval=False,
        init_cfg=dict(
            type='vsslbox.PretrainedBackbone',
            checkpoint=start_weights,
            prefix='module.encoder_q.',
        ),
    ),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        init_cfg=dict(type='vsslbox.PretrainedProjection', checkpoint=start_weights),
    ),
    inter=dict(type='QueueContrastHead', queue=queue, loss=info_nce),
    # form='pairwise' is the authors' code, 'joint' the paper's eq. 3.
    intra=dict(type='IntraVideoLoss', temperature=0.1, form='pairwise'),
    video=dict(type='QueueContrastHead', queue=queue, loss=info_nce),
    # norm_axis='frame' is the authors' code, 'channel' the paper.
    order=dict(type='TemporalOrderHead', in_channels=128, norm_axis='frame'),
    num_segments=3,
    momentum=0.999,
)
