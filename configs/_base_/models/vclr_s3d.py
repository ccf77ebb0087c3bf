# VCLR's losses on S3D, Table 8 of its paper: three segments, one clip of 32 frames from each.
#
# The paper adds L_video and L_order to CoCLR's InfoNCE. Here InfoNCE is VCLR's `inter`: the query
# clip against its own clip under other augmentation and the clips of the other two segments.
# Temperature and queue are CoCLR's; those of the added losses are not given.
queue = dict(type='FeatureQueue', size=2048, channels=128)
contrast = dict(
    type='QueueContrastHead', queue=queue, loss=dict(type='InfoNCELoss', temperature=0.07)
)
model = dict(
    type='VCLR',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='S3D'),
    neck=dict(type='MLPNeck', in_channels=1024, hidden_channels=1024, out_channels=128),
    inter=contrast,
    video=contrast,
    order=dict(type='TemporalOrderHead', in_channels=128, norm_axis='frame'),
    num_segments=3,
    momentum=0.999,
)
