# A fine-tuned or distilled VideoMAE: its tokens have no norm of their own. The norm of their mean
# and the classifier are left out.
_base_ = './videomae_vit-b16_16x4-224px.py'

model = dict(backbone=dict(final_norm=False))
