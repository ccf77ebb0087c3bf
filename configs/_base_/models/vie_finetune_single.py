# VIE-Single for fine-tuning. `VSSLBOX_VIE` names the checkpoint of its pretraining.
start_weights = '{{$VSSLBOX_VIE:weights/vie.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
network = dict(
    type='PreActResNet3d',
    conv1_kernel_t=1,
    pool1_t=(1, 1),
    kernels_t=[(1, 1)] * 4,
    strides_t=(1, 1, 1, 1),
    init_cfg=start,
)
# The classifier's weights are drawn by the fan-in, following the authors' code (mmaction2's default
# is 0.01).
head = dict(in_channels=512, init_std=(2 / 512) ** 0.5)
