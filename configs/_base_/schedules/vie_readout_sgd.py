# SGD at a constant rate that falls twice by 10, for layer read-outs. The authors chose the moments
# by hand; a config sets those of its network and data, from the steps in the authors' settings
# without the step of the pretrained weights, where their count begins. When they stopped is not
# known: here it is about a tenth later than the second fall. These are 3DResNet's moments on
# Kinetics-400; TRN, whose first step is not known, uses them too.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=280, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='ProtocolTestLoop', protocol='layer read-outs')
# The weight decay applies to the linear layers, biases included: only they are trained.
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = dict(type='MultiStepLR', milestones=[160, 253], gamma=0.1)
# `--auto-scale-lr` scales the learning rate by (videos a step) / base_batch_size.
auto_scale_lr = dict(enable=False, base_batch_size=128)
val_evaluator = dict(type='ReadoutMetric')
test_evaluator = val_evaluator
