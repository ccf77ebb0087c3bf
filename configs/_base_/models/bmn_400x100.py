# BMN for 400 class scores (200 of RGB, 200 of optical flow) in 100 steps. A config with
# other features sets `feat_dim` and `temporal_dim`.
model = dict(
    type='BMN',
    temporal_dim=100,
    boundary_ratio=0.5,
    num_samples=32,
    num_samples_per_bin=3,
    feat_dim=400,
    soft_nms_alpha=0.4,
    soft_nms_low_threshold=0.5,
    soft_nms_high_threshold=0.9,
    post_process_top_k=100,
)
