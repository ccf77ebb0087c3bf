# Table 9: DPC with VCLR's video loss alone.
_base_ = '../vclr-dpc_r18-2d3d_4xb32-3x5f-300e_ucf101.py'

model = dict(order=None)
train_dataloader = dict(dataset=dict(pipeline=dict(order=None)))
