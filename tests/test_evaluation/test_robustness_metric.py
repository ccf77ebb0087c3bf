"""The protocol robustness on features whose answer is known, and by the real pipeline."""

import pytest
import torch
from mmengine.config import Config

from tests.evaluating import CONFIG, TINY, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import ReportCardMetric, RobustnessMetric

NEAREST = dict(classifier=dict(type='KNNMetric', k=1))


def known_sets(clean_wrong=0):
    """Ten queries of two classes; corruptions turn some of them into the other class."""
    classes = torch.arange(10) % 2
    shown = classes.clone()
    shown[:clean_wrong] = 1 - shown[:clean_wrong]
    treated = {}
    for name, wrong in (('h264/1', 1), ('h264/5', 4), ('shake/1', 0), ('shake/5', 5)):
        other = shown.clone()
        other[10 - wrong :] = 1 - other[10 - wrong :]
        treated[name] = torch.eye(2)[other]
    attributes = [dict(name=str(n), label='ab'[n % 2]) for n in range(10)]
    queries = FeatureSet(torch.eye(2)[shown], attributes, treated=treated)
    names = [dict(name=f'g{n}', label='ab'[n % 2]) for n in range(4)]
    return queries, FeatureSet(torch.eye(2)[torch.arange(4) % 2], names)


SOME = dict(kinds=['h264', 'shake'], severities=[1, 5])


@pytest.mark.parametrize('classifier', [NEAREST, dict(classifier=dict(type='LinearProbeMetric'))])
def test_known_answers(classifier):
    values = RobustnessMetric(**SOME, **classifier)(*known_sets())
    assert values == pytest.approx({
        'robustness/label/clean': 100,
        'robustness/label/h264/1': 90,
        'robustness/label/h264/5': 60,
        'robustness/label/shake/1': 100,
        'robustness/label/shake/5': 50,
        'robustness/label/mean': 75,
        'robustness/label/relative_drop': 25,
    })  # fmt: skip


def test_the_drop_is_relative_to_the_clean_accuracy():
    values = RobustnessMetric(**SOME, **NEAREST)(*known_sets(clean_wrong=2))
    literal = [(80 - values[f'robustness/label/{k}/{s}']) / 80
               for k in SOME['kinds'] for s in SOME['severities']]  # fmt: skip
    assert values['robustness/label/clean'] == 80
    assert values['robustness/label/relative_drop'] == pytest.approx(100 * sum(literal) / 4)
    values = RobustnessMetric(**SOME, **NEAREST)(*known_sets(clean_wrong=10))
    assert (values['robustness/label/clean'], values['robustness/label/relative_drop']) == (0, 0)


def test_the_card_has_outcomes_and_chance_of_every_share():
    queries, gallery = known_sets()
    card = ReportCardMetric(dict(robustness=dict(type='RobustnessMetric', **SOME, **NEAREST)))
    values = card(queries, gallery)
    shares = set(values) - {'robustness/label/relative_drop'}
    assert set(card.evaluation.outcomes) == shares == set(card.chances())
    assert set(card.chances().values()) == {50}
    assert set(card.treatments()) == {'h264/1', 'h264/5', 'shake/1', 'shake/5'}


@pytest.mark.slow
def test_severity_0_is_the_clean_video_by_the_real_pipeline(tmp_path):
    write_labelled_videos(tmp_path, num_test=4, num_train=4)
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    config.load_from = str(save_tiny_checkpoint(tmp_path / 'tiny.pth'))
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(tmp_path)
        loader.dataset.pipeline.sample.num_frames = 3
    config.work_dir = str(tmp_path / 'work')
    config.test_cfg.features_out = 'features.pth'
    settings = dict(labels=['motion'], kinds=['packet_loss', 'shake'], severities=[0, 5])
    config.test_evaluator = [dict(type='RobustnessMetric', **settings)]
    build_runner(config).test()
    queries = FeatureSet(**torch.load(tmp_path / 'work' / 'features.pth')['queries'])
    for kind in settings['kinds']:
        assert torch.equal(queries.treated[f'{kind}/0'], queries.features)
        assert (queries.treated[f'{kind}/5'] != queries.features).any(dim=1).all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(kinds=['rain']), r"kinds of RobustnessMetric must be a list of .*, got \['rain'\]"),
        (dict(kinds='h264'), r"must be a list of gaussian_noise, .*, got 'h264'"),
        (dict(severities=[6]), r'severities of RobustnessMetric must be a list of 0, 1, .*\[6\]'),
        (dict(kinds=[]), r'got \[\]'),
    ],
)
def test_other_kinds_and_severities_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        RobustnessMetric(**settings)
