# How good the backbone of the CVRL demonstration is to a classifier that attends to its tokens.
_base_ = './retrieval_r3d18w16_8x3-64px.py'

test_evaluator = [_base_.attentive]
test_cfg = dict(protocol='attentive probe')
