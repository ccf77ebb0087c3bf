# CVRL at the size of a demonstration, of which the network sees the differences between frames
# alone: for motion in front of scenes that tell the videos apart. docs/motion.md has the figures.
# Pretrain on a folder of your own videos:
#
#     python tools/train.py configs/demo/cvrl_diff-r3d18w16_1xb32-8x3-64px.py \
#         --data-root path/to/videos
_base_ = './cvrl_r3d18w16_1xb32-8x3-64px.py'

model = dict(backbone=dict(_delete_=True, type='FrameDifferences', backbone=_base_.model.backbone))

# Smaller crops may miss who moves.
crop = dict(area=(0.5, 1.0))
train_dataloader = dict(dataset=dict(pipeline=dict(augment_first=dict(transforms=dict(crop=crop)))))
