# Fine-tuning after the pretraining of layers 6 and 9, whose global layer is the 9th.
_base_ = '../benchmarks/finetune_r21d_2xb16-4x32f-100e_ucf101-split1.py'

train_cfg = dict(max_epochs=67)
model = dict(backbone=dict(layer=9))
