# Without the temporal difference; the views are the first third of a window and the rest.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(type='VDIM')
# The views have one length: `consequent_len` is removed.
views = dict(_delete_=True, type='SampleSubsequences', clip_len=32, offset=32, down_sampling=(1, 2))
train_dataloader = dict(dataset=dict(pipeline=dict(sample=views)))
