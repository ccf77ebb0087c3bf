"""Nearest neighbours of any pretraining's features, which training does not depend on."""

import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

from tests.distributed import run_on_processes
from tests.test_engine.test_bank_knn_loop import NUM_VIDEOS, LabelledClips, loader_cfg
from tests.tiny import tiny_vclr
from tests.training import assert_same_end, demo_config, train_and_draw
from vsslbox.apis.knn_monitor import add_knn_monitor
from vsslbox.engine.runner import KNNMonitorLoop, SSLRunner
from vsslbox.errors import InputError
from vsslbox.models.utils import encode_clips

K, TEMPERATURE = 3, 0.1


def make_loop(model, labels=('label',), **kwargs):
    runner = SimpleNamespace(
        model=model,
        logger=MMLogger.get_current_instance(),
        call_hook=lambda name, **kwargs: None,
    )
    loader = SSLRunner.build_dataloader(loader_cfg(**kwargs), seed=0)
    return KNNMonitorLoop(runner, loader, labels=labels, k=K, temperature=TEMPERATURE)


def measure():
    torch.manual_seed(0)
    return {k: torch.tensor(v) for k, v in make_loop(tiny_vclr()).run().items()}


def cosine(first, second):
    return (first @ second / first.norm() / second.norm()).item()


def literal_values(model):
    """Compute both accuracies by loops in float64, for three clips a video."""
    model.eval()
    features = []
    for index in range(NUM_VIDEOS):
        clips = LabelledClips()[index]['inputs']
        inputs = model.data_preprocessor(dict(inputs=[clip[None] for clip in clips]))['inputs']
        with torch.no_grad():
            features.append([encode_clips(model.backbone, clip)[0].double() for clip in inputs])
    same, right = [], []
    for index, (first, second, third) in enumerate(features):
        cosines = [cosine((first + second) / 2, last) for _, _, last in features]
        same.append(max(range(NUM_VIDEOS), key=cosines.__getitem__) == index)
        votes = dict.fromkeys('abc', 0.0)
        cosines = {
            other: cosine(first + second + third, sum(clips))
            for other, clips in enumerate(features)
            if other != index
        }
        for other in sorted(cosines, key=cosines.get)[-K:]:
            votes['abc'[other % 3]] += math.exp(cosines[other] / TEMPERATURE)
        right.append(max(votes, key=votes.get) == 'abc'[index % 3])
    return {
        'knn/same_video/top1': 100 * sum(same) / NUM_VIDEOS,
        'knn/label/top1': 100 * sum(right) / NUM_VIDEOS,
    }


def test_values_equal_literal_loops():
    seen = set()
    for seed in range(3):
        torch.manual_seed(seed)
        model = tiny_vclr()
        values = make_loop(model).run()
        assert values == pytest.approx(literal_values(model))
        seen.add(tuple(values.values()))
    assert len(seen) > 1


def test_two_processes_equal_one():
    """Seven videos, so that one of them is seen twice."""
    one = measure()
    assert one.keys() == {'knn/same_video/top1', 'knn/label/top1'}
    assert run_on_processes(measure, 2) == [one, one]


def test_no_labels_are_needed():
    assert make_loop(tiny_vclr(), labels=()).run().keys() == {'knn/same_video/top1'}


def test_missing_requirements_are_named():
    with pytest.raises(InputError, match="no column 'action'"):
        make_loop(tiny_vclr(), labels=['action'])
    with pytest.raises(InputError, match='sample two or more of each'):
        make_loop(tiny_vclr(), num_clips=1).run()


@pytest.mark.slow
@pytest.mark.parametrize(
    ('method', 'clips'),
    [
        ('vclr', dict(num_clips=6, clip_len=1)),
        ('cvrl', dict(num_clips=2, clip_len=8, frame_interval=3)),
    ],
)
def test_any_pretraining_can_be_watched_and_does_not_change(video_folder, tmp_path, method, clips):
    straight, watched = (demo_config(method, video_folder, tmp_path / n) for n in 'sw')
    watched.experiment_name = 'watched'
    add_knn_monitor(watched, every=2, max_videos=4)
    dataset = watched.val_dataloader.dataset
    assert dataset.indices == [0, 2, 4, 6]
    assert [step for step in dataset.pipeline if 'clip_len' in step] == [
        dict(type='SampleUniformClips', **clips)
    ]
    train_and_draw(straight)
    train_and_draw(watched)
    assert_same_end(tmp_path / 's', tmp_path / 'w')
    (log,) = (tmp_path / 'w').glob('*/vis_data/scalars.json')
    assert log.read_text().count('knn/same_video/top1') == 2  # of four epochs


def test_the_list_of_a_folder_has_the_labels(tmp_path):
    config = demo_config('cvrl', tmp_path, tmp_path / 'run')
    with pytest.raises(InputError, match=f'{tmp_path} has 0 CSV files'):
        add_knn_monitor(config, every=1, labels=['action'])


def test_a_config_that_validates_keeps_its_validation():
    config = Config(dict(val_cfg=dict(type='BankKNNLoop')))
    with pytest.raises(InputError, match='validates already, by BankKNNLoop'):
        add_knn_monitor(config, every=1)
    with pytest.raises(InputError, match='must be positive, got 0'):
        add_knn_monitor(config, every=0)
