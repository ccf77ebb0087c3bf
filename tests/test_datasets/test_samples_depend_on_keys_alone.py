"""A sample depends on (seed, epoch, index): not on workers, processes or what came before."""

import inspect
import itertools

import numpy as np
import pytest
import torch

from tests.distributed import run_on_processes
from vsslbox.datasets import EpochSampler, VideoDataset
from vsslbox.datasets.transforms import ViewTransform
from vsslbox.engine.runner import SSLRunner
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import SampleKey

CROP = dict(type='RandomResizedCrop', size=24)

# Every sampler, with what has to follow it to make all views of one shape.
SAMPLERS = {
    'SampleAllWindows': [dict(num_views=2, clip_len=4, stride=8)],
    'SampleBinnedFrames': [dict(num_bins=4)],
    'SampleFrameTriples': [dict(span=6, offset=3)],
    'SampleKeyFrameClip': [dict(clip_len=4)],
    'SampleRandomClip': [dict(clip_len=4)],
    'SampleCentreSegmentFrames': [dict(num_segments=3)],
    'SampleRandomPace': [dict(clip_len=4)],
    'SampleClipAtRate': [dict(clip_len=4, fps=6)],
    'SampleClipPair': [dict(clip_len=4)],
    'SampleHalves': [dict()],
    'SampleRandomFrames': [dict(num_frames=4)],
    'SampleTogether': [
        dict(
            samplers=[
                dict(type='SampleClipPair', clip_len=4),
                dict(type='SampleRandomClip', clip_len=4),
            ]
        )
    ],
    'SampleSegmentTuples': [dict(num_segments=3)],
    'SampleRandomSegmentFrames': [dict(num_segments=3)],
    'SampleRandomSpans': [dict(clip_len=4, frame_interval=2)],
    'SampleShuffledClips': [dict(clip_len=2, gap=1)],
    'SampleSubsequences': [dict(clip_len=4)],
    'SampleTemporalInterval': [dict(clip_len=4)],
    'SampleUniformClips': [dict(num_clips=2, clip_len=4)],
    'SampleUniformSpans': [dict(num_clips=2, clip_len=4, frame_interval=2)],
    'SampleEndToEndFrames': [dict(num_frames=4)],
    'SampleRandomWindow': [dict(num_views=2, clip_len=4)],
    'ShuffleOrder': [dict()],
}

# Every view transform; those that draw must draw the same again.
TRANSFORM_CHAINS = {
    'CenterCrop': [dict(type='CenterCrop', size=24)],
    'ColorJitter': [CROP, dict(type='ColorJitter')],
    'DistortedBoxCrop': [dict(type='DistortedBoxCrop', size=24)],
    'GaussianBlur': [CROP, dict(type='GaussianBlur')],
    'LabChannelDropout': [CROP, dict(type='LabChannelDropout', prob=0.5)],
    'MultiScaleCrop': [dict(type='MultiScaleCrop', size=24)],
    'RandAugment': [CROP, dict(type='RandAugment')],
    'RandomCrop': [dict(type='RandomCrop', size=24)],
    'RandomFlip': [CROP, dict(type='RandomFlip')],
    'RandomGrayscale': [CROP, dict(type='RandomGrayscale', prob=0.5)],
    'RandomResizedCrop': [CROP],
    'RandomRotation': [CROP, dict(type='RandomRotation', degrees=(-30, 30))],
    'RearrangeFrames': [CROP, dict(type='RearrangeFrames', order='shuffled')],
    'RandomShortSide': [
        dict(type='RandomShortSide', low=24, high=40),
        dict(type='RandomCrop', size=24),
    ],
    'Resize': [dict(type='Resize', size=24)],
    'Solarize': [CROP, dict(type='Solarize', prob=0.5)],
    'TensorFlowColorJitter': [CROP, dict(type='TensorFlowColorJitter')],
}
# Every mask, with what has to come before it.
MASKS = {
    'MaskTubes': [dict(type='MaskTubes', grid=(4, 2, 4), ratio=0.5)],
    'MaskRunningCells': [
        dict(type='MaskTubes', grid=(4, 2, 2), ratio=0.5),
        dict(type='MaskRunningCells', grid=(4, 2, 2)),
    ],
}
NOT_RANDOM = {
    'CenterCrop',
    'Resize',
    'SampleAllWindows',
    'SampleKeyFrameClip',
    'SampleCentreSegmentFrames',
    'SampleUniformClips',
    'SampleUniformSpans',
    'SampleEndToEndFrames',
}


def registered(*bases):
    kinds = TRANSFORMS.module_dict.items()
    return {name for name, kind in kinds if issubclass(kind, bases) and kind is not ViewTransform}


def test_no_sampler_or_transform_is_left_out():
    names = {name for name in TRANSFORMS.module_dict if name.startswith(('Sample', 'Shuffle'))}
    ours = {n for n in names if TRANSFORMS.get(n).__module__.startswith('vsslbox.')}
    assert set(SAMPLERS) == ours
    assert set(MASKS) == {name for name in TRANSFORMS.module_dict if name.startswith('Mask')}
    assert set(TRANSFORM_CHAINS) == {
        name
        for name in registered(ViewTransform)
        if TRANSFORMS.get(name).__module__[:8] == 'vsslbox.'
    }


def set_key_frame(results):
    results.update(timestamp=0.5, timestamp_start=0)
    return results


def with_sampler(name):
    kwargs = SAMPLERS[name][0]
    steps = [dict(type=name, **kwargs)]
    if name == 'ShuffleOrder':
        steps.insert(0, dict(type='SampleSegmentTuples', num_segments=3))
    if name == 'SampleKeyFrameClip':
        steps.insert(0, set_key_frame)
    return [*steps, dict(type='DecodeViews'), dict(type='AugmentViews', transforms=[CROP])]


def with_transform(name, consistent, deferred):
    chain = [dict(t) for t in TRANSFORM_CHAINS[name]]
    if 'consistent' in inspect.signature(TRANSFORMS.get(name)).parameters:
        chain[-1]['consistent'] = consistent
    if deferred:
        chain[-1] = dict(type='Defer', transforms=[chain[-1]])
    return [
        dict(type='SampleTemporalInterval', clip_len=4),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=chain),
    ]


def with_mask(name):
    clip = dict(type='SampleUniformClips', num_clips=1, clip_len=4)
    resize = dict(type='AugmentViews', transforms=[dict(type='Resize', size=24)])
    return [clip, dict(type='DecodeViews'), resize, *MASKS[name]]


PIPELINES = {name: with_sampler(name) for name in SAMPLERS}
PIPELINES |= {name: with_mask(name) for name in MASKS}
for name, consistent in itertools.product(TRANSFORM_CHAINS, (True, False)):
    kind = 'consistent' if consistent else 'per-frame'
    PIPELINES[f'{name}-{kind}'] = with_transform(name, consistent, deferred=False)
    if TRANSFORMS.get(name).apply_clips is not None:
        PIPELINES[f'{name}-{kind}-deferred'] = with_transform(name, consistent, deferred=True)


def dataset(folder, name):
    pipeline = [dict(type='OpenVideo'), *PIPELINES[name], dict(type='PackViews')]
    return VideoDataset(data_root=str(folder), pipeline=pipeline)


def flat(sample):
    """All numbers of a sample."""
    tensors = [*sample['inputs']]
    for view in sample['deferred']:
        tensors += [tensor for drawn in view.values() for tensor in drawn.values()]
    known = sample['data_samples']
    tensors += [torch.as_tensor(view['frame_indices']) for view in known.metainfo['views']]
    tensors += [value for key, value in sorted(known.items()) if key != 'gt_label']
    return [tensor.clone() for tensor in tensors]


def load(folder, name, num_workers, epochs=(0, 1)):
    """All samples of some epochs by (epoch, index), as a loader with workers gives them."""
    torch.manual_seed(num_workers)  # nothing may come from here
    np.random.seed(num_workers)
    data = dataset(folder, name)
    loader = SSLRunner.build_dataloader(
        dict(
            dataset=data,
            sampler=EpochSampler(data, seed=3),
            batch_size=2,
            num_workers=num_workers,
        ),
        seed=num_workers,
    )
    samples = {}
    for epoch in epochs:
        loader.sampler.set_epoch(epoch)
        for batch in loader:
            for row in range(len(batch['data_samples'])):
                sample = dict(
                    inputs=[view[row] for view in batch['inputs']],
                    deferred=[
                        {t: {p: v[row] for p, v in d.items()} for t, d in view.items()}
                        for view in batch['deferred']
                    ],
                    data_samples=batch['data_samples'][row],
                )
                samples[epoch, sample['data_samples'].get('index')] = flat(sample)
    return samples


def assert_equal(ours, other):
    assert ours.keys() == other.keys()
    for key, tensors in ours.items():
        for pair in zip(tensors, other[key], strict=True):
            assert torch.equal(*pair), key


@pytest.mark.slow
@pytest.mark.parametrize('name', PIPELINES)
def test_every_sampler_and_transform(name, video_folder):
    """The same key gives the same sample in any order; another key gives another sample."""
    data = dataset(video_folder, name)
    keys = [SampleKey(i, e, s) for i in (0, 5) for e in (0, 1, 2) for s in (0, 1)]
    forth = {key: flat(data[key]) for key in keys}
    np.random.seed(1)
    torch.manual_seed(1)
    assert_equal(forth, {key: flat(data[key]) for key in reversed(keys)})
    if not NOT_RANDOM & {name, name.partition('-')[0]}:
        of_one_video = [forth[key] for key in keys if key.index == 0]
        assert any(
            not torch.equal(a, b)
            for other in of_one_video[1:]
            for a, b in zip(of_one_video[0], other)
        )


FULL = 'everything'
PIPELINES[FULL] = [
    dict(type='SampleSegmentTuples', num_segments=3),
    dict(type='ShuffleOrder'),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[
            dict(type='RandomShortSide', low=24, high=40),
            dict(type='RandomResizedCrop', size=24, consistent=False),
            dict(type='RandomFlip', consistent=False),
            dict(type='ColorJitter', consistent=False),
            dict(type='GaussianBlur'),
        ],
    ),
]


@pytest.fixture(scope='module')
def in_this_process(video_folder):
    return load(video_folder, FULL, 0)


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [1, 4])
def test_workers(num_workers, video_folder, in_this_process):
    assert_equal(load(video_folder, FULL, num_workers), in_this_process)


def _load_share(folder):
    return {f'{e} {i}': tensors for (e, i), tensors in load(folder, FULL, 1).items()}


@pytest.mark.slow
def test_two_ranks(video_folder, in_this_process):
    shares = run_on_processes(_load_share, 2, str(video_folder))
    assert not shares[0].keys() & shares[1].keys()
    together = {tuple(map(int, key.split())): v for share in shares for key, v in share.items()}
    assert_equal(together, in_this_process)


def test_epochs_differ(in_this_process):
    differ = [
        any(not torch.equal(a, b) for a, b in zip(in_this_process[0, i], in_this_process[1, i]))
        for i in range(8)
    ]
    assert all(differ)
