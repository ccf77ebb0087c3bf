# VIE's supervised references on Kinetics-400: a network of VIE with a linear classifier, with the
# colour noise of the pretraining; tested on 5 clips. A config sets the network and its clip.
_base_ = [
    './vie_finetune.py',
    '../models/vie_networks.py',
    '../datasets/kinetics400.py',
    '../default_runtime.py',
]

model = dict(cls_head=dict(num_classes=400, average_clips='score'))
color = dict(augment=_base_.color)
train_dataloader = dict(dataset=dict(_base_.kinetics400_train, pipeline=color))
val_dataloader = dict(
    dataset=dict(
        _base_.kinetics400_test,
        pipeline=dict(sample=dict(num_clips=5), augment=_base_.color_test),
    )
)
test_dataloader = val_dataloader

# The authors publish no settings for these. Rate, decay and batch are those of their supervised
# training on UCF101 and HMDB51; the length and the falls of the rate are a choice made here, the
# same for all networks. Configs draw the classifier by fan-in and fan-out, following the authors'
# code.
optim_wrapper = _base_.scratch_optim_wrapper
train_cfg = dict(max_epochs=90, val_interval=5)
param_scheduler = dict(milestones=[60, 80])
default_hooks = dict(checkpoint=dict(interval=5))
