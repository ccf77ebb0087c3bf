# The consequent begins where the antecedent ends and is not down-sampled.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(offset=32, down_sampling=(1, 1)))))
