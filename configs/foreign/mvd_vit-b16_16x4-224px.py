# MVD's student: VideoMAE's encoder with another table of positions.
_base_ = './videomae_vit-b16_16x4-224px.py'

model = dict(backbone=dict(position='sincos_quarters'))
