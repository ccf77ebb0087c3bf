# VIE-Single; see vie_finetune.py.
_base_ = './vie_finetune.py'

model = dict(
    backbone=dict(conv1_kernel_t=1, pool1_t=(1, 1), kernels_t=[(1, 1)] * 4, strides_t=(1, 1, 1, 1))
)
