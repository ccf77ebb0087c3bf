# The paper's ablations with colour jitter and grey instead of the dropout of Lab channels.
_base_ = './finetune_r21d_2xb16-4x32f-100e_ucf101-split1.py'

train_cfg = dict(max_epochs=67)
colors = dict(
    lab=None,
    jitter=dict(
        type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8
    ),
    grey=dict(type='RandomGrayscale', prob=0.25),
)
train_dataloader = dict(dataset=dict(pipeline=dict(augment=dict(transforms=colors))))
