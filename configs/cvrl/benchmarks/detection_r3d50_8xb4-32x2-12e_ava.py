# CVRL's spatio-temporal detection on AVA v2.2: 8 GPUs x 4 clips, 12 epochs. The authors published
# no code for it; the paper's numbers are mAP 16.3 for CVRL, 19.1 supervised, 6.9 from scratch.
_base_ = [
    '../../_base_/models/cvrl_r3d50_detection.py',
    '../../_base_/models/cvrl_starts.py',
    '../../_base_/datasets/ava.py',
    '../../_base_/schedules/cvrl_detection_12e.py',
    '../../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
