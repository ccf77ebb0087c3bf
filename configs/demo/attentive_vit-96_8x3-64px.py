# How good the backbone of the VideoMAE demonstration is to a classifier that attends to its tokens.
_base_ = './retrieval_vit-96_8x3-64px.py'

test_evaluator = [_base_.attentive]
test_cfg = dict(protocol='attentive probe')
