# VIE's layer read-outs on Kinetics-400: augmented as in pretraining, tested on its validation
# videos. A config sets the network, its clip and when the rate falls.
_base_ = [
    '../models/vie_readout.py',
    '../models/vie_networks.py',
    '../datasets/kinetics400.py',
    '../datasets/vie_pretrain.py',
    '../schedules/vie_readout_sgd.py',
    '../default_runtime.py',
]

model = dict(num_classes=400)
train_dataloader = dict(dataset=_base_.kinetics400_train)
# The first of the 5 clips begins at a video's first frame, the last ends at its last frame; their
# probabilities are averaged. The authors do the same for 3DResNet and SlowFast, and repeat a video
# that is shorter than all clips together. For the others they leave room at both ends: Slow and TRN
# start at the sixths of the possible starts, Single takes the middles of the fifths.
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        _base_.kinetics400_test,
        type='VideoDataset',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

default_hooks = dict(checkpoint=dict(interval=5))
