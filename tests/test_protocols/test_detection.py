"""Detection on AVA: what the configs say, which key frames are evaluated, training and testing."""

import json
import math
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from torch import nn

from tests.distributed import run_on_processes
from tests.tools import run_tool
from vsslbox.apis.command_line import build_runner
from vsslbox.datasets import AVADataset
from vsslbox.datasets.readers import FallbackReader

REPO = Path(__file__).resolve().parents[2]
AVA = REPO / 'configs/cvrl/benchmarks/detection_r3d50_8xb4-32x2-12e_ava.py'
DEMO = REPO / 'configs/demo/detection_r3d18w8_1xb16-8x3-96px.py'


def test_the_papers_schedule():
    config = Config.fromfile(AVA)
    assert int(AVA.name.partition('_8xb')[2][0]) == config.train_dataloader.batch_size == 4
    assert config.auto_scale_lr.base_batch_size == 8 * 4
    assert config.train_cfg.max_epochs == 12
    with DefaultScope.overwrite_default_scope('vsslbox'):
        optim = build_optim_wrapper(nn.Linear(2, 2), config.optim_wrapper)
        (scheduler,) = config.param_scheduler
        scheduler = PARAM_SCHEDULERS.build(dict(scheduler, optimizer=optim.optimizer))
    rates = []
    for _ in range(12):
        rates.append(optim.param_groups[0]['lr'])
        optim.optimizer.step()
        scheduler.step()
    assert np.allclose(rates, [0.2] * 8 + [0.02] * 3 + [0.002])


def test_validation_sees_all_listed_seconds():
    config = Config.fromfile(AVA)
    dataset = config.val_dataloader.dataset
    assert (dataset.key_frames, dataset.person_det_score_thr) == ('proposed', 0.9)
    assert config.train_dataloader.dataset.get('key_frames', 'annotated') == 'annotated'
    files = ('ann_file', 'exclude_file', 'label_file', 'data_root')
    assert all(config.val_evaluator[name] == dataset[name] for name in files)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Six videos of 64 pixels, made from the command line."""
    folder = tmp_path_factory.mktemp('detections') / 'made'
    done = run_tool('data/make_demo_detections.py', folder, '--videos', 6, '--size', 64)
    assert done.returncode == 0, done.stderr
    return folder


def ava_dataset(folder, split='val', **kwargs):
    cfg = dict(
        ann_file=f'annotations/ava_{split}.csv',
        proposal_file=f'annotations/ava_proposals_{split}.pkl',
        data_root=str(folder),
        data_prefix=dict(img='videos'),
        use_frames=False,
        timestamp_start=0,
        num_classes=9,
    )
    return AVADataset(**{**cfg, **kwargs})


@pytest.mark.slow
def test_annotated_and_proposed_key_frames(made, tmp_path):
    annotated = ava_dataset(made, test_mode=True)
    videos = {info['video_id'] for info in annotated}
    assert len(annotated) == 3 * len(videos)
    box = [0.1, 0.1, 0.5, 0.5]
    first = annotated[0]['img_key'].split(',')[0]
    proposals = {
        f'{first},0000': np.array([[*box, 0.9], [*box, 0.89], [*box, 1.0]]),  # not annotated
        f'{first},0001': np.array([[*box, 0.89]]),  # annotated, but nobody was found
        f'{first},0002': np.array([[*box, 0.95]]),
        'elsewhere,0002': np.array([[*box, 0.95]]),
    }
    (tmp_path / 'proposals.pkl').write_bytes(pickle.dumps(proposals))
    chosen = dict(proposal_file=str(tmp_path / 'proposals.pkl'), test_mode=True)
    proposed = ava_dataset(made, key_frames='proposed', **chosen)
    assert [info['img_key'] for info in proposed] == [f'{first},0000', f'{first},0002']
    assert proposed[0]['proposals'].shape == (2, 4)
    assert proposed[0]['gt_bboxes'].shape == (0, 4) and proposed[0]['gt_labels'].shape == (0, 9)
    assert np.array_equal(proposed[1]['gt_bboxes'], annotated[1]['gt_bboxes'])

    (tmp_path / 'excluded.csv').write_text(f'{first},0002\n')
    excluded = dict(chosen, exclude_file=str(tmp_path / 'excluded.csv'))
    proposed = ava_dataset(made, key_frames='proposed', **excluded)
    assert [info['img_key'] for info in proposed] == [f'{first},0000']
    assert len(ava_dataset(made, **excluded)) == len(annotated) - 1


def test_annotated_boxes_stand_in_for_proposals_in_testing_alone(made):
    tested = ava_dataset(made, proposal_file=None, test_mode=True)[0]
    assert np.array_equal(tested['proposals'], tested['gt_bboxes'])
    assert 'proposals' not in ava_dataset(made, proposal_file=None)[0]


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        (dict(key_frames='all'), "'annotated' or 'proposed'"),
        (dict(key_frames='proposed', proposal_file=None), 'needs proposal_file'),
        (dict(proposal_file='nothing.pkl'), r'nothing\.pkl.*data_root'),
        (dict(ann_file='nothing.csv'), r'nothing\.csv'),
        (dict(data_prefix=dict(img='elsewhere')), 'do not exist'),
    ],
)
def test_mistakes(made, changed, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        ava_dataset(made, **changed)


def test_sample_of_ava(data_root, tmp_path):
    folder = data_root / 'formats/mmaction2/tests/data/ava_dataset'
    for video in ('0f39OWEqJ24', '_-Z6wFjXtGQ'):
        (tmp_path / video).mkdir()
    data = AVADataset(
        str(folder / 'ava_sample.csv'),
        exclude_file=str(folder / 'ava_excluded_timestamps_sample.csv'),
        data_prefix=dict(img=str(tmp_path)),
    )
    assert [info['img_key'] for info in data] == ['0f39OWEqJ24,0902']
    assert np.flatnonzero(data[0]['gt_labels'][0]).tolist() == [12, 17, 79]
    assert data[0]['total_frames'] == 27000


def steps(opening):
    return [
        opening,
        dict(type='SampleKeyFrameClip', clip_len=4, frame_interval=3),
        dict(type='DecodeViews'),
        dict(type='PackDetection'),
    ]


def test_frames_and_video_files_are_the_same(made, tmp_path):
    """mmaction2's layout, a folder `ID/img_00001.jpg`, gives the clips of the files."""
    with DefaultScope.overwrite_default_scope('vsslbox'):
        videos = ava_dataset(made, pipeline=steps(dict(type='OpenVideo')))
        for name in {info['video_id'] for info in (videos.get_data_info(i) for i in range(3))}:
            (tmp_path / name).mkdir()
            reader = FallbackReader(str(made / 'videos' / f'{name}.mp4'), ['pyav'])
            for number, image in enumerate(reader.read(range(reader.num_frames)), start=1):
                path = tmp_path / name / f'img_{number:05}.png'
                cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        (tmp_path / 'three.csv').write_text(
            ''.join(
                line
                for line in (made / 'annotations/ava_val.csv').open()
                if (tmp_path / line.split(',')[0]).is_dir()
            )
        )
        frames = ava_dataset(
            made,
            ann_file=str(tmp_path / 'three.csv'),
            pipeline=steps(dict(type='OpenFrames')),
            data_prefix=dict(img=str(tmp_path)),
            filename_tmpl='img_{:05}.png',
            use_frames=True,
            fps=24,
            timestamp_end=4,
        )
        for index in range(3):
            ours, theirs = frames[index], videos[index]
            assert (ours['inputs'] == theirs['inputs']).all()
            boxes = [sample['data_samples'].gt_instances.bboxes for sample in (ours, theirs)]
            assert (boxes[0] == boxes[1]).all()


def demo_config(folder, work_dir):
    config = Config.fromfile(DEMO)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.dataset.data_root = str(folder)
    transforms = config.train_dataloader.dataset.pipeline.augment.transforms
    transforms.resize.update(low=64, high=72)
    transforms.crop.size = 64
    config.val_evaluator.data_root = config.test_evaluator.data_root = str(folder)
    config.model.backbone.base_channels = 4
    config.model.roi_head.bbox_head.in_channels = 32
    config.train_cfg.update(max_epochs=2, val_interval=1)
    config.work_dir = str(work_dir)
    config.log_level = 'ERROR'
    return config


def metrics_of(folder, work_dir, checkpoint, launcher='none'):
    config = demo_config(folder, work_dir)
    config.load_from = str(checkpoint)
    config.launcher = launcher
    return json.dumps(build_runner(config).test())


@pytest.mark.slow
def test_training_testing_and_two_processes(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = build_runner(demo_config(made, tmp_path / 'train'))
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert losses[-1] < losses[0] and all(map(math.isfinite, losses))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['train']

    checkpoint = tmp_path / 'train' / 'epoch_2.pth'
    alone = json.loads(metrics_of(made, tmp_path / 'alone', checkpoint))
    assert 0 < alone['mAP/overall'] < 1
    record = json.loads((tmp_path / 'alone/metrics.json').read_text())
    assert record['protocol'] == 'detection' and record['metrics'] == alone
    assert len(list((tmp_path / 'alone').glob('*/ava_detections.csv'))) == 1
    both = run_on_processes(
        metrics_of, 2, str(made), str(tmp_path / 'both'), str(checkpoint), 'pytorch'
    )
    for values in both:
        values = json.loads(values)
        assert values.keys() == alone.keys()
        assert all(math.isclose(values[name], alone[name], abs_tol=1e-6) for name in alone)
