_base_ = './dinov2_vit-b14_224px.py'

model = dict(backbone=dict(num_registers=4))
