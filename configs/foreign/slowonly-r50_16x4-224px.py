_base_ = './slowonly-r50_8x8-224px.py'

test_dataloader = dict(
    dataset=dict(
        pipeline=dict(
            sample=dict(clip_len=16, frame_interval=4),
        )
    )
)
