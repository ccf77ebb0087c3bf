# Fine-tuning by SEVERE: an R(2+1)D-18, all weights trained by Adam at a rate of 1e-4 without decay
# on clips of 32 frames that last 2 s, 112 pixels, with strong crops and colours; tested on 10
# clips. The authors' epoch has 10 clips of each video (2 on Something-Something): epochs here are
# as many times more. A config sets the lists, `num_classes`, the epochs and those of the drops.
#
# `VSSLBOX_SEVERE` names the checkpoint that is evaluated; for a start from scratch, add
# `--cfg-options model.backbone.init_cfg=None`. The mean and the deviation are those of a
# pretraining on pixels in [0, 1]: set those of yours.
_base_ = './clip_finetune.py'

start_weights = '{{$VSSLBOX_SEVERE:weights/severe.pth}}'
model = dict(
    data_preprocessor=dict(mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(
        type='VideoResNet2Plus1d',
        blocks=(2, 2, 2, 2),
        init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights),
    ),
    cls_head=dict(in_channels=512, dropout_ratio=0),
)

clip = dict(_delete_=True, clip_len=32, frame_interval=1, fps=16)
crop_and_colour = dict(
    crop=dict(area=(0.08, 1.0)),
    flip=None,
    jitter=dict(
        type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2, prob=1.0
    ),
)
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=dict(
            sample=dict(type='SampleRandomSpans', num_clips=1, **clip),
            augment=dict(transforms=crop_and_colour),
        ),
    ),
)
val_dataloader = dict(
    batch_size=4,
    dataset=dict(
        pipeline=dict(sample=dict(type='SampleUniformSpans', num_clips=10, **clip)),
    ),
)
test_dataloader = val_dataloader

train_cfg = dict(val_interval=20)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = dict(type='MultiStepLR', gamma=0.3)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=32)
