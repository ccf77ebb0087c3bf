_base_ = './dinov3_vit-b16_224px.py'

model = dict(backbone=dict(arch='small'))
