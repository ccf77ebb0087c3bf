# VCLR's Table 10: SeCo with R3D-18 on HACS, from scratch, clips in place of frames. The paper gives
# no settings: see ../vclr/vclr_r3d18_8xb32-3x16f-400e_hacs.py.
_base_ = './seco_r50_4xb128-400e_kinetics400.py'

data_root = '{{$VSSLBOX_HACS:data/hacs}}'

model = dict(
    backbone=dict(_delete_=True, type='VideoResNet3d'),
    neck=dict(in_channels=512, hidden_channels=512, init_cfg=None),
)
geometry = dict(crop=dict(size=112, consistent=True), flip=dict(consistent=True))
steps = dict(sample=dict(clip_len=16), augment=dict(transforms=geometry))
train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='', data_prefix=None, pipeline=steps)
)
