# VCLR's Table 10: DPC with R3D-18 on HACS. The paper gives no settings: they are those on
# Kinetics-400. Unlike the 2d3d network, R3D-18 has 512 channels and ends with a ReLU.
_base_ = './dpc_r18-2d3d_4xb32-8x5x3-300e_kinetics400.py'

data_root = '{{$VSSLBOX_HACS:data/hacs}}'

model = dict(
    backbone=dict(
        _delete_=True,
        type='VideoResNet3d',
        norm_cfg=dict(type='BN3d', track_running_stats=False),
    ),
    prediction=dict(channels=512),
)
train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='', data_prefix=None))
