# SeCo's own fine-tuning on UCF101, split 1, by TSN: 4 GPUs x 16 videos of 7 frames, gradients of 4
# batches a step, 150 epochs. All BatchNorm but the first keeps its statistics, scale and shift.
# Decay and first weights of the classifier are not known; they are VCLR's, as are test crops.
_base_ = [
    '../../_base_/models/tsn_r50_finetune.py',
    '../../_base_/datasets/frames_8seg.py',
    '../../_base_/datasets/ucf101.py',
    '../../_base_/schedules/vclr_finetune_50e.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(partial_bn=True),
    cls_head=dict(num_classes=101, dropout_ratio=0.9, init_std=0.001),
)

# Crops and colours as in pretraining, in the workers: a recognizer has no batched form.
colors = dict(
    jitter=dict(
        type='ColorJitter',
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        prob=0.8,
        consistent=False,
    ),
    grey=dict(type='RandomGrayscale', prob=0.2, consistent=False),
)
transforms = dict(resize=None, crop=dict(area=(0.2, 1.0)), **colors)
segments = dict(sample=dict(num_segments=7))
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        _base_.ucf101_train, pipeline=dict(**segments, augment=dict(transforms=transforms))
    ),
)
val_dataloader = dict(dataset=dict(_base_.ucf101_test, pipeline=segments))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=150, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=1e-3, nesterov=True), accumulative_counts=4)
param_scheduler = dict(milestones=[50, 100])
auto_scale_lr = dict(enable=False, base_batch_size=64)
