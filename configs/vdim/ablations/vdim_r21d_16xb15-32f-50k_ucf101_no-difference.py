# Without the temporal difference.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(type='VDIM')
# The views have one length: `consequent_len` is removed.
views = dict(_delete_=True, type='SampleSubsequences', clip_len=32, offset=0, down_sampling=(1, 2))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=views)))
