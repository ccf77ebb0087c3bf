# Detection on AVA v2.2 after BYOL, SimCLR and SwAV: BatchNorm over all GPUs.
_base_ = './detection_slowonly-r50_8xb8-8x8-32e_ava.py'

sync_bn = 'torch'
