# Retrieval and linear classification by S3D on UCF101, split 1: 10 clips of 32 frames, middle crop
# of 128 pixels, mean of the features. CoCLR's linear layer is trained by SGD with a rate and a
# decay that are tuned for each data set; that of the linear probe here is fixed.
_base_ = '../../vclr/benchmarks/retrieval_r50_ucf101.py'

model = dict(backbone=dict(_delete_=True, type='S3D'))
sample = dict(_delete_=True, type='SampleUniformClips', num_clips=10, clip_len=32, frame_interval=1)
middle = dict(resize=dict(size=(150, 200)), crop=dict(size=128))
steps = dict(sample=sample, augment=dict(transforms=middle))
test_dataloader = dict(dataset=dict(pipeline=steps))
test_cfg = dict(
    protocol='coclr-retrieval-ucf101-split1',
    gallery_dataloader=dict(dataset=dict(pipeline=steps)),
)
test_evaluator = [
    dict(type='RetrievalMetric', topk=(1, 5, 10, 20, 50)),
    dict(type='LinearProbeMetric'),
]
paper = dict(
    _delete_=True,
    source="CoCLR's InfoNCE on UCF101",
    queries=3783,
    gallery=9537,
    metrics={'retrieval/label/R@1': 33.1, 'linear/label/top1': 46.8},
)
