"""The protocol temporal on features whose use of time is known."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseDataPreprocessor, BaseModel

from tests.evaluating import CONFIG, TINY, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import ReportCardMetric, TemporalMetric
from vsslbox.registry import MODELS

ORDERS = ('reversed', 'shuffled', 'frozen', 'dropped')
LINEAR = dict(classifier=dict(type='LinearProbeMetric'))


@MODELS.register_module()
class TimeWeightedFrames(BaseModel):
    """An order-coding reference: frames weighted by their time from the middle of the clip."""

    def __init__(self):
        super().__init__(BaseDataPreprocessor())

    def forward(self, inputs, **kwargs):
        (clips,) = inputs  # [N, 3, T, H, W]
        times = torch.arange(clips.shape[2]) - (clips.shape[2] - 1) / 2
        small = torch.nn.functional.adaptive_avg_pool3d(clips.float(), (None, 8, 8))
        return (small * times.view(-1, 1, 1)).sum(dim=2).flatten(1)


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=6, num_train=8)
    save_tiny_checkpoint(folder / 'tiny.pth')
    return folder


def evaluate(videos, work_dir, model=None):
    """The values of the metric by the real pipeline, with 7 frames a video, and the queries."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    config.load_from = str(videos / 'tiny.pth')
    if model:
        config.model, config.load_from = model, None
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline.sample.num_frames = 7
    config.work_dir = str(work_dir)
    config.test_cfg.features_out = 'features.pth'
    config.test_evaluator = [dict(type='TemporalMetric', labels=['motion'])]
    values = build_runner(config).test()
    return values, FeatureSet(**torch.load(work_dir / 'features.pth')['queries'])


@pytest.mark.slow
def test_frames_that_are_averaged_are_exactly_blind_to_their_order(videos, tmp_path):
    values, queries = evaluate(videos, tmp_path)
    rounded = [
        (queries.treated[order] != queries.features).any() for order in ('reversed', 'shuffled')
    ]
    assert any(rounded)  # so that exactness is not that of equal sums
    for order in ('reversed', 'shuffled'):
        assert values[f'temporal/motion/{order}/similarity'] == 100
        assert values[f'temporal/motion/{order}/flips'] == 0
        assert values[f'temporal/motion/{order}/top1'] == values['temporal/motion/as_it_is/top1']
    for order in ('frozen', 'dropped'):
        assert values[f'temporal/motion/{order}/similarity'] < 100 - 1e-4


@pytest.mark.slow
def test_features_that_code_the_order_are_far_from_themselves(videos, tmp_path):
    values, _ = evaluate(videos, tmp_path, dict(type='TimeWeightedFrames'))
    assert values['temporal/motion/reversed/similarity'] == pytest.approx(-100, abs=1e-3)
    assert values['temporal/motion/shuffled/similarity'] < 80
    assert set(values) == {
        'temporal/motion/as_it_is/top1',
        *(f'temporal/motion/{order}/{value}'
          for order in ORDERS for value in ('similarity', 'flips', 'top1')),
    }  # fmt: skip


def direction(number):
    """Two classes of opposite directions, [1, 0] with a small angle and its opposite."""
    angle = 0.01 * number
    sign = -1 if number % 2 == 1 else 1
    return [sign * math.cos(angle), sign * math.sin(angle)]


def known_sets():
    """Queries that are right, and become the opposite, lie across, or stay."""
    rows = torch.tensor([direction(number) for number in range(6)])
    across = rows.flip(1) * torch.tensor([-1.0, 1.0])  # at a right angle
    half = rows.clone()
    half[:3] *= -1
    treated = dict(reversed=-rows, shuffled=across, frozen=half, dropped=rows * 3)
    attributes = [dict(name=f'{n}', label='ab'[n % 2]) for n in range(6)]
    others = torch.tensor([direction(n) for n in range(0, 40, 2)])
    gallery = torch.cat([others, -others])
    names = [dict(name=f'g{n}', label='ab'[n // 20]) for n in range(40)]
    return FeatureSet(rows, attributes, treated=treated), FeatureSet(gallery, names)


@pytest.mark.parametrize('settings', [dict(classifier=dict(type='KNNMetric', k=3)), LINEAR])
def test_known_answers(settings):
    values = TemporalMetric(**settings)(*known_sets())
    expected = dict(as_it_is=100, reversed=0, frozen=50, dropped=100)
    assert {order: values[f'temporal/label/{order}/top1'] for order in expected} == expected
    similar = dict(reversed=-100, shuffled=0, frozen=0, dropped=100)
    found = {order: values[f'temporal/label/{order}/similarity'] for order in similar}
    assert found == pytest.approx(similar, abs=1e-5)
    flips = dict(reversed=100, frozen=50, dropped=0)
    assert {order: values[f'temporal/label/{order}/flips'] for order in flips} == flips


def test_without_a_gallery_what_trains_is_cross_validated():
    rng = torch.Generator().manual_seed(0)
    rows = torch.tensor([direction(n) for n in range(40)]) + 0.05 * torch.randn(
        40, 2, generator=rng
    )
    queries = FeatureSet(
        rows,
        [dict(name=str(n), label='ab'[n % 2]) for n in range(40)],
        treated={order: rows if order == 'dropped' else -rows for order in ORDERS},
    )
    for settings in ({}, LINEAR):
        card = ReportCardMetric(dict(temporal=dict(type='TemporalMetric', **settings)))
        values = card(queries, queries)
        assert not card.impossible
        assert values['temporal/label/as_it_is/top1'] == 100
        assert values['temporal/label/reversed/top1'] == 0
        assert values['temporal/label/dropped/flips'] == 0
        assert card.chances()['temporal/label/frozen/top1'] == 50
        assert card.needs_tokens is False


@pytest.mark.parametrize('type_', ['RetrievalMetric', 'AttentiveProbeMetric', 'NoSuchMetric'])
def test_what_is_no_classifier_of_features_is_refused(type_):
    with pytest.raises(InputError, match='classifier of TemporalMetric must be the config of one'):
        TemporalMetric(classifier=dict(type=type_))
