# Without layer 5, by the text of the paper's section 4.2. Its table has no layer 9: here it is the
# BatchNorm of the output. Where that is no layer of its own, it belongs to layer 8: {6, 8} trains
# the same.
_base_ = '../vdim_r21d_16xb15-32f-50k_ucf101.py'

model = dict(backbone=dict(norm_is_layer=True), loss=dict(layers=[6, 9], other_layers=[9]))
