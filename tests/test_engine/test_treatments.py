"""Queries under treatments: extracted once for all metrics, in the right place, by any model."""

import json

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmengine.config import Config
from mmengine.dist import barrier

from tests.distributed import run_on_processes
from tests.evaluating import CONFIG, TINY, call, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.datasets.readers import FrameRangeReader
from vsslbox.datasets.transforms import ViewTransform
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet, FeatureStore
from vsslbox.evaluation.metrics import FeatureMetric
from vsslbox.registry import METRICS, TRANSFORMS


@TRANSFORMS.register_module()
class KeepFirstFrame(BaseTransform):
    """Makes any video its first frame, before a frame is chosen."""

    def transform(self, results):
        results['reader'] = FrameRangeReader(results['reader'], 0, 1)
        results['total_frames'] = 1
        return results


@TRANSFORMS.register_module()
class Darken(ViewTransform):
    """Subtracts from the frames as they are decoded."""

    def apply_frame(self, frame):
        assert frame.shape == (64, 64, 3)
        return np.maximum(frame, 90) - 90


FIRST, DARK = [dict(type='KeepFirstFrame')], [dict(type='Darken')]


@METRICS.register_module()
class TreatedMetric(FeatureMetric):
    """The mean change under the treatments of its config; a share for the report card."""

    protocol = 'treated'
    only_by_name = True

    def __init__(self, wanted, name='treated', **kwargs):
        super().__init__(**kwargs)
        self.wanted, self.name = wanted, name

    def treatments(self):
        return self.wanted

    def __call__(self, queries, gallery):
        return self.summarize(self.outcomes(queries, gallery))

    def outcomes(self, queries, gallery):
        return {
            f'{self.name}/{name}': (queries.under(name).features != queries.features)
            .any(dim=1)
            .double()
            for name in self.wanted
        }


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=5, num_train=7)
    save_tiny_checkpoint(folder / 'tiny.pth')
    return folder


def make_runner(videos, work_dir, *metrics, **pipeline):
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.model.backbone.base_channels = 4
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline.sample.num_frames = 3
        loader.dataset.pipeline.update(pipeline)
    config.work_dir = str(work_dir)
    config.load_from = str(videos / 'tiny.pth')
    config.test_cfg.features_out = 'features.pth'
    config.test_evaluator = list(metrics)
    return build_runner(config)


def treated(wanted, **kwargs):
    return dict(type='TreatedMetric', wanted=wanted, **kwargs)


def queries_of(work_dir):
    return FeatureSet(**torch.load(work_dir / 'features.pth')['queries'])


TWO = (
    treated(dict(first=FIRST, dark=DARK)),
    treated(dict(dark=DARK, nothing=[]), name='again'),
)


def test(videos, work_dir, *metrics, **pipeline):
    values = make_runner(videos, work_dir, *metrics, **pipeline).test()
    barrier()  # the first process writes the features
    return values, queries_of(work_dir).treated


test.__test__ = False


@pytest.fixture(scope='module')
def alone(videos, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('alone')
    return work_dir, *test(videos, work_dir, *TWO)


@pytest.mark.slow
def test_a_treatment_is_extracted_once_for_all_metrics(alone):
    work_dir, values, _ = alone
    assert values == {
        'treated/first': 100, 'treated/dark': 100, 'again/dark': 100, 'again/nothing': 0,
    }  # fmt: skip
    stores = sorted(path.name for path in (work_dir / 'features').iterdir())
    assert len(stores) == 4  # queries and gallery as they are, and two treatments


@pytest.mark.slow
def test_the_steps_come_before_the_augmentations_of_the_pipeline(videos, alone, tmp_path):
    """The features equal those of a pipeline that is written by hand."""
    _, _, found = alone
    pipeline = Config.fromfile(CONFIG).test_dataloader.dataset.pipeline
    for name, by_hand in dict(
        first=dict(open=None, opened=pipeline.open, first=FIRST[0]),
        dark=dict(dark=dict(type='AugmentViews', transforms=DARK)),
    ).items():
        later = ('sample', 'decode') if name == 'first' else ()
        later += ('augment', 'pack')
        steps = dict(by_hand)
        for own in later:
            steps |= {own: None, f'{own}_later': pipeline[own]}
        if name == 'first':
            steps['sample_later'] = dict(pipeline.sample, num_frames=3)
        test(videos, tmp_path / name, treated({}), **steps)
        assert torch.equal(queries_of(tmp_path / name).features, found[name])
    assert torch.equal(found['nothing'], queries_of(alone[0]).features)


@pytest.mark.slow
def test_two_processes_extract_as_one(videos, alone, tmp_path):
    for values, found in run_on_processes(test, 2, videos, tmp_path, *TWO):
        assert values == alone[1]
        assert all(torch.equal(found[name], rows) for name, rows in alone[2].items())


@pytest.mark.slow
def test_a_killed_extraction_is_resumed(videos, alone, tmp_path, monkeypatch):
    append, added = FeatureStore.append, []

    def count(store, indices, features):
        if len(added) == 4:  # within the first treatment
            added.append([])
            raise KeyboardInterrupt
        added.append(indices)
        append(store, indices, features)

    monkeypatch.setattr(FeatureStore, 'append', count)
    with pytest.raises(KeyboardInterrupt):
        test(videos, tmp_path, *TWO)
    _, found = test(videos, tmp_path, *TWO)
    read = sorted(index for indices in added for index in indices)
    assert read == sorted([*range(5), *range(7)] + 2 * [*range(5)])
    assert all(torch.equal(found[name], rows) for name, rows in alone[2].items())


@pytest.mark.slow
def test_tokens_are_those_of_the_videos_as_they_are(videos, tmp_path):
    probe = dict(
        type='AttentiveProbeMetric', labels=['motion'], depth=1, num_heads=4, batch_size=4,
        epochs=1, lr=[1e-2], weight_decay=[0.01],
    )  # fmt: skip
    values, _ = test(videos, tmp_path / 'both', treated(dict(dark=DARK)), probe)
    test(videos, tmp_path / 'probe', probe)
    assert values['treated/dark'] == 100
    both, single = (
        {path.read_bytes() for path in (tmp_path / name).glob('features/*/*.tokens.npy')}
        for name in ('both', 'probe')
    )
    assert both == single and len(both) == 2


@pytest.mark.parametrize(
    ('step', 'message'),
    [
        (dict(type='NoSuchStep'), r"treatment 'odd' has a step that .*NoSuchStep"),
        (dict(type='Darken', by=3), r"treatment 'odd' has a step that .*'by'"),
        (dict(type='Resize'), r"treatment 'odd' .* Resize takes either short_side or"),
        (dict(by=3), r"treatment 'odd' has a step that .*\"type\""),
    ],
)
def test_steps_that_cannot_be_built_are_told_before_anything_is_extracted(
    videos, tmp_path, monkeypatch, step, message
):
    runner = make_runner(videos, tmp_path, treated(dict(dark=DARK)))
    monkeypatch.setattr(TreatedMetric, 'treatments', lambda metric: dict(odd=[step]))
    with pytest.raises(InputError, match=message):
        runner.test()
    assert not (tmp_path / 'features').exists()


def test_a_pipeline_without_the_place_is_told(videos, tmp_path):
    runner = make_runner(videos, tmp_path, treated(dict(dark=DARK)), decode=None)
    with pytest.raises(InputError, match=r"treatment 'dark' of the queries needs DecodeViews in"):
        runner.test()


def test_two_treatments_of_one_name_and_an_unknown_name_are_told(videos, tmp_path):
    with pytest.raises(InputError, match=r"TreatedMetric calls 'dark' another treatment than"):
        make_runner(videos, tmp_path, *TWO, treated(dict(dark=FIRST), name='third')).test()
    queries = FeatureSet(torch.eye(2), [{}, {}], source='a.csv', treated=dict(dark=torch.eye(2)))
    with pytest.raises(InputError, match=r"a.csv has no .* 'drak'; it has \['dark'\]"):
        queries.under('drak')


def test_rows_of_a_set_have_their_treated_features():
    features = torch.arange(6.0).view(3, 2)
    queries = FeatureSet(features, [dict(name=n) for n in 'abc'], treated=dict(more=features + 10))
    some = queries.rows([2, 0]).under('more')
    assert some.features.tolist() == [[14, 15], [10, 11]]
    assert some.column('name') == ['c', 'a'] and not some.treated


@pytest.mark.slow
def test_the_report_card_treats_the_references_alike(videos, tmp_path):
    config = Config.fromfile(CONFIG)
    config.test_evaluator = [treated(dict(dark=DARK), labels=['motion'])]
    config.dump(tmp_path / 'treated.py')
    call(
        'evaluate.py', videos / 'tiny.pth', '--config', tmp_path / 'treated.py',
        '--data-root', videos, '--work-dir', tmp_path, '--random-seeds', 2, '--no-duplicates',
        '--protocols', 'treated', 'knn',
    )  # fmt: skip
    report = json.loads((tmp_path / 'report.json').read_text())
    figures = {figure['name']: figure for figure in report['figures']}
    assert set(figures) == {'treated/dark', 'knn/motion/top1'}
    others = figures['treated/dark']['comparisons']
    assert {name: other['value'] for name, other in others.items()} == dict(
        random=100, colour=100, motion=100
    )
