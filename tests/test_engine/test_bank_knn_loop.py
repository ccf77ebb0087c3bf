"""kNN accuracy of the bank, which training does not depend on."""

import json
import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.logging import MMLogger

from tests.distributed import run_on_processes
from tests.test_engine.test_cluster_hook import REPO
from tests.tiny import GROUP_NORM, tiny_vclr
from tests.tiny_vie import TinyClips, tiny_vie, tiny_vie_cfg
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.runner import BankKNNLoop, SSLRunner
from vsslbox.models.utils import encode_clips
from vsslbox.registry import DATASETS

NUM_ENTRIES, NUM_VIDEOS, NUM_CLIPS, K, TEMPERATURE = 24, 7, 3, 5, 0.1
BATCH_NORM = dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=dict(type='BN'))


@DATASETS.register_module()
class LabelledClips(TinyClips):
    """Several random clips a video, whose label is its number modulo three."""

    ann_file = 'some list'

    def __init__(self, num_samples=NUM_VIDEOS, num_clips=NUM_CLIPS, column='label', bad=None):
        super().__init__(num_samples)
        self.num_clips = num_clips
        self.column = column
        self.bad = bad

    def get_data_info(self, index):
        return dict(attributes={self.column: 'abc'[index % 3]})

    def __getitem__(self, key):
        sample = super().__getitem__(key)
        clip = sample['inputs'][0]
        sample['inputs'] = [clip.roll(7 * n, dims=2) // (n + 1) for n in range(self.num_clips)]
        if sample['data_samples'].get('index') == self.bad:
            return self[0]  # as BaseVideoDataset replaces a bad video
        return sample


def loader_cfg(**kwargs):
    return dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='vsslbox.EpochSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(type='vsslbox.LabelledClips', **kwargs),
    )


def make_loop(model, training_list=None, evaluator=(), **kwargs):
    runner = SimpleNamespace(
        model=model,
        train_dataloader=SimpleNamespace(dataset=training_list or LabelledClips(NUM_ENTRIES)),
        logger=MMLogger.get_current_instance(),
        call_hook=lambda name, **kwargs: None,
    )
    loader = SSLRunner.build_dataloader(loader_cfg(**kwargs), seed=0)
    return BankKNNLoop(runner, loader, evaluator, k=K, temperature=TEMPERATURE)


def evaluate():
    torch.manual_seed(0)
    return torch.tensor(make_loop(tiny_vie(num_videos=NUM_ENTRIES)).run()['knn/top1'])


def literal_vote(model):
    """Compute the accuracy by loops in float64."""
    model.eval()
    right = []
    entries = model.bank.features.double()
    for index in range(NUM_VIDEOS):
        votes = dict.fromkeys('abc', 0.0)
        for clip in LabelledClips()[index]['inputs']:
            batch = model.data_preprocessor(dict(inputs=[clip[None]]))
            with torch.no_grad():
                features = encode_clips(model.backbone, batch['inputs'][0])
                embedding = F.linear(features, *model.neck.parameters())[0].double()
            cosines = [
                (embedding @ entry / embedding.norm() / entry.norm()).item() for entry in entries
            ]
            nearest = sorted(range(NUM_ENTRIES), key=lambda number: -cosines[number])[:K]
            for number in nearest:
                votes['abc'[number % 3]] += math.exp(cosines[number] / TEMPERATURE)
        right.append(max(votes, key=votes.get) == 'abc'[index % 3])
    return 100 * sum(right) / NUM_VIDEOS


def test_vote_equals_a_literal_loop():
    accuracies = set()
    for seed in range(3):
        torch.manual_seed(seed)
        model = tiny_vie(num_videos=NUM_ENTRIES)
        with torch.no_grad():  # embeddings that differ more than those of fresh weights
            model.neck.layers[0].bias.zero_()
            model.neck.layers[0].weight.normal_()
        accuracy = make_loop(model).run()['knn/top1']
        assert accuracy == pytest.approx(literal_vote(model))
        accuracies.add(round(accuracy, 3))
    assert len(accuracies) > 1


def test_two_processes_equal_one():
    """Seven videos, so that one of them is seen twice."""
    one, two = evaluate(), run_on_processes(evaluate, 2)
    assert 0 < one < 100
    assert two == [one, one]


@pytest.mark.parametrize('training', [True, False])
def test_nothing_changes(training):
    model = tiny_vie(num_videos=NUM_ENTRIES, backbone=BATCH_NORM).train(training)
    loop = make_loop(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    drawn = torch.get_rng_state()
    values = loop.run()
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(module.training == training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert loop.run() == values


def train(work_dir, **kwargs):
    """Train for two epochs; return the last checkpoint and the accuracies in the log."""
    config = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    model = tiny_vie_cfg(
        backbone=BATCH_NORM, loss=dict(type='InstanceRecognitionLoss', num_noise=8)
    )
    config.merge_from_dict(
        dict(
            model=model,
            work_dir=str(work_dir),
            # The engine shares loggers between runs of one name that start in the same second.
            experiment_name=work_dir.name,
            train_dataloader=dict(
                loader_cfg(num_samples=NUM_ENTRIES, num_clips=1),
                batch_size=4,
                sampler=dict(type='EpochSampler'),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=2, val_interval=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.03, momentum=0.9)),
            log_level='ERROR',
            **kwargs,
        )
    )
    build_runner(config).train()
    lines = [
        json.loads(line)
        for path in work_dir.glob('*/vis_data/scalars.json')
        for line in path.read_text().splitlines()
    ]
    told = {line['step']: line['knn/top1'] for line in lines if 'knn/top1' in line}
    return torch.load(work_dir / 'epoch_2.pth', weights_only=False), told


@pytest.mark.slow
def test_training_is_the_same_bit_for_bit_and_the_accuracy_is_logged(tmp_path):
    without, nothing = train(tmp_path / 'without')
    watched, told = train(
        tmp_path / 'watched',
        val_dataloader=loader_cfg(),
        val_cfg=dict(type='BankKNNLoop', k=K),
        val_evaluator=[],
    )
    assert not nothing
    assert sorted(told) == [1, 2]
    assert all(0 <= accuracy <= 100 for accuracy in told.values())
    for name, value in without['state_dict'].items():
        assert torch.equal(watched['state_dict'][name], value), name
    for number, state in without['optimizer']['state'].items():
        other = watched['optimizer']['state'][number]['momentum_buffer']
        assert torch.equal(state['momentum_buffer'], other)


def test_videos_that_cannot_be_read_do_not_count(caplog, monkeypatch):
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'propagate', True)
    logger.addHandler(caplog.handler)
    loop = make_loop(tiny_vie(num_videos=NUM_ENTRIES), bad=4)
    accuracy = loop.run()['knn/top1']
    logger.removeHandler(caplog.handler)
    assert 'is of 6 of 7 videos' in caplog.text
    assert accuracy * 6 / 100 == pytest.approx(round(accuracy * 6 / 100))


def test_missing_requirements_are_named():
    model = tiny_vie(num_videos=NUM_ENTRIES, backbone=dict(BATCH_NORM, norm_cfg=GROUP_NORM))
    with pytest.raises(ValueError, match='a memory bank, such as VIE, not VCLR'):
        make_loop(tiny_vclr())
    with pytest.raises(ValueError, match="some list has no column 'label'"):
        make_loop(model, column='class')
    with pytest.raises(ValueError, match=r'set `val_evaluator = \[\]`'):
        make_loop(model, evaluator=[dict(type='KNNMetric')])
