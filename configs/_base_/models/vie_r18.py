# VIE: a pre-activation ResNet-18, one linear layer to an embedding of 128, and a bank with a row
# for each video. A config sets the backbone's temporal sizes.

# The length of the training list: 239888 in the authors' copy of Kinetics-400. tools/train.py takes
# it from the list.
num_videos = 239888

model = dict(
    type='VIE',
    data_preprocessor=dict(
        type='ViewsPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(type='PreActResNet3d'),
    # TensorFlow's first weights of a linear layer: Glorot's uniform law, no bias.
    neck=dict(
        type='MLPNeck',
        in_channels=512,
        out_channels=128,
        num_layers=1,
        init_cfg=dict(type='Xavier', layer='Linear', distribution='uniform'),
    ),
    bank=dict(type='FeatureBank', num_videos=num_videos, channels=128, momentum=0.5),
    # Instance recognition first. form='nce' is the authors' code, 'softmax' the paper's eq. 2.
    warmup_loss=dict(type='InstanceRecognitionLoss', num_noise=4096, temperature=0.07, form='nce'),
    warmup_steps=50000,
    loss=dict(type='LocalAggregationLoss', background_size=512, temperature=0.07),
)
# What the paper calls a cluster size of 8000 is the number of clusters in the code.
cluster = dict(type='ClusterHook', num_clusters=8000, num_iters=20)
custom_hooks = [cluster]
