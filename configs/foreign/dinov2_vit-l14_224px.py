_base_ = './dinov2_vit-b14_224px.py'

model = dict(backbone=dict(arch='large'))
