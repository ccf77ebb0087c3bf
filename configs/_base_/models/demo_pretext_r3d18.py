# A pretext task at the size of a demonstration: a 3D ResNet-18 of a quarter of the width. A config
# sets `model.head`.
model = dict(
    type='PretextClassifier',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
    backbone=dict(type='R3DResNet', depth=18, base_channels=16),
)
