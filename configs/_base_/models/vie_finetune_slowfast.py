# VIE-SlowFast for fine-tuning. `VSSLBOX_VIE` names the checkpoint of its pretraining.
start_weights = '{{$VSSLBOX_VIE:weights/vie.pth}}'
start = dict(type='vsslbox.PretrainedBackbone', checkpoint=start_weights)
network = dict(type='PreActSlowFast', init_cfg=start)
# The classifier's weights are drawn by the fan-in, following the authors' code (mmaction2's default
# is 0.01).
head = dict(in_channels=704, init_std=(2 / 704) ** 0.5)
