# CVRL's semi-supervised learning on 10 % of Kinetics-600: 32 GPUs x 32 videos, 50 epochs, without
# warm-up, all of the network trained. The paper tells no more: the decay of 0 is our choice. Make
# the list by
#
#   python tools/data/make_subset.py $VSSLBOX_KINETICS600/kinetics600_train_list_videos.txt \
#       --percent 10 --out $VSSLBOX_KINETICS600/kinetics600_train_10percent_list_videos.txt
_base_ = [
    '../../_base_/models/cvrl_r3d50_finetune.py',
    '../../_base_/datasets/kinetics600_32x2.py',
    '../../_base_/schedules/cvrl_benchmark_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=600))
train_dataloader = dict(
    batch_size=32, dataset=dict(ann_file='kinetics600_train_10percent_list_videos.txt')
)
train_cfg = dict(max_epochs=50)
optim_wrapper = dict(optimizer=dict(lr=0.2))
param_scheduler = dict(warmup=0, T_max=50)
