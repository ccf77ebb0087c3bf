# Table 10: pace prediction with R3D-18 on HACS. The paper gives no settings: data, augmentation and
# schedule are those of VCLR's row, the four paces those of configs/pace.
_base_ = './vclr_r3d18_8xb32-3x16f-400e_hacs.py'

model = dict(
    _delete_=True,
    type='PretextClassifier',
    data_preprocessor=dict(type='ViewsPreprocessor'),
    backbone=dict(type='VideoResNet3d'),
    head=dict(type='MLPNeck', in_channels=512, out_channels=4, num_layers=1),
)
sample = dict(_delete_=True, type='SampleRandomPace', clip_len=16, paces=(1, 2, 3, 4))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=sample, order=None)))
