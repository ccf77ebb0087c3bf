# Frames are rotated too. The angle is ours, the paper gives none.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

augment = dict(
    type='AugmentViews',
    transforms=[
        {{_base_.crop}},
        dict(
            type='Defer',
            transforms=[
                {{_base_.jitter}},
                {{_base_.grey}},
                dict(type='RandomRotation', degrees=(-10, 10)),
            ],
        ),
    ],
)
train_pipeline = [
    dict(type='OpenVideo'),
    {{_base_.sample}},
    dict(type='DecodeViews'),
    augment,
    dict(type='PackViews'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
