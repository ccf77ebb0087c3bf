# The InfoNCE stage of CoCLR: MoCo with S3D. A config sets the size of the queue, a multiple of the
# videos of a step in the authors' code.
model = dict(
    type='MoCo',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='S3D'),
    neck=dict(type='MLPNeck', in_channels=1024, hidden_channels=1024, out_channels=128),
    head=dict(
        type='QueueContrastHead',
        queue=dict(type='FeatureQueue', size=2048, channels=128),
        loss=dict(type='InfoNCELoss', temperature=0.07),
    ),
    momentum=0.999,
)
