# As frames_8seg.py, with 3 frames in training and 25 in tests.
_base_ = './frames_8seg.py'

train_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(num_segments=3))))
val_dataloader = dict(dataset=dict(pipeline=dict(sample=dict(num_segments=25))))
test_dataloader = val_dataloader
