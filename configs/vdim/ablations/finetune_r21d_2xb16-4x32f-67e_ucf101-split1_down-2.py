# Fine-tuning of the paper's ablations on views that keep every second frame, in training and test.
_base_ = '../benchmarks/finetune_r21d_2xb16-4x32f-100e_ucf101-split1.py'

train_cfg = dict(max_epochs=67)
window = dict(sample=dict(down_sampling=2))
train_dataloader = dict(dataset=dict(pipeline=window))
val_dataloader = test_dataloader = train_dataloader
