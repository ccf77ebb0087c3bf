# SimCLR on four clips of a video, as in the authors' config: the pairs of successive clips.
_base_ = './rho-simclr_slowonly-r50_8xb8-2x8x8-200e_kinetics400.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(num_clips=4))))
