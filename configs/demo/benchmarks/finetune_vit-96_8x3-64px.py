# The transformer of the VideoMAE demonstration, fine-tuned on the labels of `VSSLBOX_DEMO_LABELS`
# with a smaller rate for each block nearer to the input. `VSSLBOX_VIDEOMAE` names its checkpoint;
# for a random start, add `--cfg-options model.backbone.init_cfg=None`.
_base_ = [
    '../../_base_/datasets/demo_finetune.py',
    '../../_base_/schedules/demo_finetune_30e.py',
    '../../_base_/default_runtime.py',
]

start_weights = '{{$VSSLBOX_VIDEOMAE:work_dirs/videomae_vit-96_1xb16-8x3-64px/epoch_36.pth}}'

model = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='VideoViT',
        arch='tiny',
        embed_dims=96,
        depth=4,
        img_size=64,
        num_frames=8,
        patch_size=8,
        qkv_bias='no_key',
        drop_path_rate=0.1,
        final_norm=False,
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(
        type='LayerNormI3DHead',
        in_channels=96,
        num_classes=4,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0,
        average_clips='prob',
    ),
)
optim_wrapper = dict(
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(layer_decay=0.75),
    optimizer=dict(lr=1e-3, weight_decay=0.05),
)
