# Table 8: the InfoNCE stage of CoCLR with VCLR's video loss alone.
_base_ = '../vclr_s3d_2xb32-3x32f-300e_ucf101.py'

model = dict(order=None)
train_dataloader = dict(dataset=dict(pipeline=dict(order=None)))
