# The small VIE with instance recognition alone, for as long.
_base_ = '../vie-3dresnet_r18w16_1xb32-8x3-64px.py'

model = dict(
    warmup_loss=None,
    warmup_steps=0,
    loss=dict(
        _delete_=True,
        type='InstanceRecognitionLoss',
        num_noise=256,
        temperature=0.07,
        form='softmax',
    ),
)
custom_hooks = [dict(type='BankListHook')]
