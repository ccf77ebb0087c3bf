_base_ = './videomae_vit-b16_16x4-224px.py'

model = dict(backbone=dict(arch='small', final_norm=False))
