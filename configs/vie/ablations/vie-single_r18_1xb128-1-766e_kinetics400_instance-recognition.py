# Single-IR: instance recognition to the end, and no clusters.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

model = dict(
    loss=dict(
        _delete_=True,
        type='InstanceRecognitionLoss',
        num_noise=4096,
        temperature=0.07,
        form='nce',
    ),
    warmup_loss=None,
    warmup_steps=0,
)
custom_hooks = [dict(type='BankListHook')]

train_cfg = dict(max_epochs=766)
param_scheduler = dict(milestones=[451, 683])
