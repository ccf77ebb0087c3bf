# VIE-Single on Kinetics-400: one GPU x 128 videos, 734 epochs.
_base_ = [
    '../_base_/models/vie_r18.py',
    '../_base_/models/vie_networks.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/datasets/vie_pretrain.py',
    '../_base_/schedules/vie_sgd.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=_base_.networks.single)
train_dataloader = dict(dataset=_base_.kinetics400_train)
default_hooks = dict(checkpoint=dict(interval=5))

# To watch it learn: validation videos get their labels from the nearest entries of the bank,
# `knn/top1` in the log. Only this number reads the labels of both lists;
# `tools/train.py --no-validate` switches it off.
#
# The clips reach from one end of the video to the other, following the authors' code for 3DResNet
# and SlowFast. For the others they leave room at both ends: Slow and TRN start at the sixths of the
# possible starts, Single takes the middles of the fifths.
val_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(_base_.kinetics400_test, type='VideoDataset', pipeline=_base_.test_pipeline),
)
val_cfg = dict(type='BankKNNLoop', k=10, temperature=0.07)
val_evaluator = []  # the loop evaluates by itself
