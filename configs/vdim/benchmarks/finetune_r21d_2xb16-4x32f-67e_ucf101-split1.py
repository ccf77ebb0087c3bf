# The paper's ablations: pretrained on UCF101 too, fine-tuned for 20 000 steps (here 19 966), on
# split 1 only.
_base_ = './finetune_r21d_2xb16-4x32f-100e_ucf101-split1.py'

train_cfg = dict(max_epochs=67)
