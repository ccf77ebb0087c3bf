# The small VIE with instance recognition alone, for the same number of epochs.
_base_ = '../vie-3dresnet_r18w16_1xb32-8x3-64px.py'

recognition = dict(type='InstanceRecognitionLoss', num_noise=256, temperature=0.07, form='softmax')
model = dict(warmup_loss=None, warmup_steps=0, loss=dict(recognition, _delete_=True))
custom_hooks = []
