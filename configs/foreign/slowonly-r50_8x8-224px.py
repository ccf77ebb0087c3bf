# SlowFast's `Slow` R50 of contrastive pretraining, with values scaled as SlowFast does (RGB / 255,
# mean 0.45, deviation 0.225). R3DResNet with this stem is mmaction2's ResNet3dSlowOnly, but reads
# init_cfg.
_base_ = ['../_base_/datasets/folder_features.py', '../_base_/default_runtime.py']

model = dict(
    type='FeatureExtractor',
    data_preprocessor=dict(type='ViewsPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    backbone=dict(type='R3DResNet', depth=50, conv1_kernel=(1, 7, 7), conv1_stride_t=1),
)
test_dataloader = dict(
    dataset=dict(pipeline=dict(sample=dict(clip_len=8, frame_interval=8))),
)
