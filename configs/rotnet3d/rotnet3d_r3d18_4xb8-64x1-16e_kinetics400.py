# 3D-RotNet on Kinetics-400 with 64 successive frames, the paper's better row: 4 GPUs x 8 videos.
# That the frames are successive and all else is as with 16 frames is a choice.
_base_ = './rotnet3d_r3d18_1xb32-16x2-16e_kinetics400.py'

clip = dict(clip_len=64, frame_interval=1)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=dict(sample=clip)))
