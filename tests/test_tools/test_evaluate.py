"""The report card: its numbers equal those of single protocols; the rest is named with reasons."""

import csv
import json
import math
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.registry import Registry

from tests.conftest import write_video
from tests.distributed import run_on_processes
from tests.evaluating import CONFIG, TINY, call, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis import VideoEmbedder
from vsslbox.apis.near_duplicates import duplicates_of_queries
from vsslbox.apis.report_card import make_report_card, report_card_config
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import KNNMetric, ReportCardMetric, registered_protocols
from vsslbox.registry import METRICS

LABELS = ('appearance', 'motion', 'joint')


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=6, num_train=8)
    save_tiny_checkpoint(folder / 'tiny.pth', seed=1)  # seed 0 gives the first initialisation
    return folder


def evaluate(videos, out, *arguments, config=CONFIG, options=TINY, seed=0):
    """Evaluate, and return the JSON and the page; no other features unless asked for."""
    if '--random-seeds' not in arguments:
        arguments = *arguments, '--random-seeds', 0
    arguments = *arguments, '--no-duplicates'
    call(
        'evaluate.py', videos / 'tiny.pth', '--config', config, '--data-root', videos,
        '--work-dir', out, '--seed', seed, *arguments, options=options,
    )  # fmt: skip
    return json.loads((out / 'report.json').read_text()), (out / 'report.html').read_text()


@pytest.fixture(scope='module')
def card(videos, tmp_path_factory):
    return evaluate(videos, tmp_path_factory.mktemp('card'), '--random-seeds', 2, seed=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('run', 'source'),
    [
        ('checkpoint', ['{}/tiny.pth', '--seed', 4]),
        ('random0', ['--random-init', '--seed', 4]),
        ('random1', ['--random-init', '--seed', 5]),
    ],
)
def test_numbers_equal_those_of_single_protocols(videos, card, tmp_path, run, source):
    source = [str(word).format(videos) for word in source]
    call('test.py', CONFIG, *source, '--data-root', videos, '--work-dir', tmp_path)
    alone = json.loads((tmp_path / 'metrics.json').read_text())
    evaluated = card[0]['runs'][run]
    for name, value in alone['metrics'].items():
        assert evaluated['metrics'][name] == value, name
    for traced in ('protocol', 'queries', 'gallery', 'checkpoint_sha256', 'seed'):
        if run == 'checkpoint':
            assert evaluated[traced] == alone[traced]
    for label in LABELS:
        assert {f'linear/{label}/top1', f'svm/{label}/top1'} <= set(evaluated['metrics'])


def test_confusions_add_up_to_the_accuracy(card):
    report, html = card
    for label in LABELS:
        counts = report['knn_confusion'][label]['counts']
        right = sum(row[i] for i, row in enumerate(counts))
        assert sum(map(sum, counts)) == 6
        accuracy = report['runs']['checkpoint']['metrics'][f'knn/{label}/top1']
        assert accuracy == pytest.approx(100 * right / 6)
        assert html.count(f'alt="confusion matrix of {label}"') == 1


def test_the_page_shows_everything_and_loads_nothing(card):
    report, html = card
    nearest = html[html.index('<h2>Retrieval') : html.index('<h2>Mistakes')]
    assert nearest.count('class="card retrieval"') == nearest.count('class="query"') == 6
    for label in LABELS:
        assert html.count(f'alt="features by {label}, checkpoint"') == 1
        assert html.count(f'alt="features by {label}, random initialisation"') == 1
    for figure in report['figures']:
        assert f'>{figure["value"]:.1f}<' in html
    for finding in report['findings']:
        assert f'<p class="finding">{finding}</p>' in html
    for name in ('00.mp4', '05.mp4'):  # queries
        assert f'{name}\nappearance' in html
    assert report['runs']['checkpoint']['queries']['list_sha256'] in html
    assert 'paper' not in html.split('</style>')[1]
    assert not re.search(r'(src|href)="(?!data:)', html)


def test_every_figure_has_what_it_takes_to_believe_it(card, videos):
    """By literal counts over the list, and the runs' own values."""
    report, _ = card
    rows = list(csv.DictReader((videos / 'videos.csv').open()))
    test, train = ([row for row in rows if row['split'] == split] for split in ('test', 'train'))
    figures = {figure['name']: figure for figure in report['figures']}
    assert set(figures) == {
        name for name in report['runs']['checkpoint']['metrics'] if 'unanswerable' not in name
    }
    for name, figure in figures.items():
        protocol, label, what = name.split('/')
        assert (
            figure['n'] == 6 and figure['interval'][0] <= figure['value'] <= figure['interval'][1]
        )
        if protocol == 'retrieval':
            k, expected = min(int(what.removeprefix('R@')), 8), 0
            for row in test:
                wrong = sum(row[label] != other[label] for other in train)
                expected += 1 - math.comb(wrong, k) / math.comb(8, k)
            assert figure['chance'] == pytest.approx(100 * expected / 6)
        others = figure['comparisons']
        values = [report['runs'][f'random{number}']['metrics'][name] for number in (0, 1)]
        assert others['random']['value'] == pytest.approx(sum(values) / 2)
        assert others['random']['spread'] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
        for kind in ('colour', 'motion'):
            assert others[kind]['value'] == report['runs'][kind]['metrics'][name]
            assert others[kind]['spread'] is None
    assert len(report['findings']) == 3
    assert report['setting'] == 'The 6 queries have a gallery of 8 videos.'


def figures_of_card(videos, out):
    """Evaluate on this process among others, and return whether it wrote the report."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict({'model.backbone.base_channels': 4, 'log_level': 'ERROR'})
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.update(batch_size=2, num_workers=0)
        loader.dataset.data_root = str(videos)
        loader.dataset.pipeline.sample.num_frames = 3
    config.work_dir = str(out)
    make_report_card(
        config, str(videos / 'tiny.pth'), ['knn', 'linear'], random_seeds=1, search_duplicates=False
    )
    return json.loads((out / 'report.json').read_text())['figures'] if get_rank() == 0 else None


@pytest.mark.slow
def test_two_processes_make_the_card_of_one(videos, tmp_path):
    alone = figures_of_card(videos, tmp_path / 'one')
    assert run_on_processes(figures_of_card, 2, videos, tmp_path / 'two') == [alone, None]


def test_what_does_not_apply_is_named(videos, tmp_path, capsys):
    report, html = evaluate(
        videos, tmp_path, '--protocols', 'knn', 'svm', '--labels', 'split', 'motion', 'mood'
    )
    same = 'all videos of the gallery have the same label'
    columns = ['appearance', 'joint', 'motion', 'name', 'path', 'split']
    no_column = f"the list has no column 'mood'; it has {columns}"
    assert report['impossible'] == {
        'knn/split': same, 'knn/mood': no_column, 'svm/split': same, 'svm/mood': no_column,
    }  # fmt: skip
    assert set(report['runs']['checkpoint']['metrics']) == {'knn/motion/top1', 'svm/motion/top1'}
    printed = capsys.readouterr().out
    assert f'svm/split: not possible, {same}' in printed
    assert 'not_possible.svm/split' in html


def test_labels_that_no_video_has(videos, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        evaluate(videos, tmp_path, '--labels', 'mood')
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert "knn/mood: not possible, the list has no column 'mood'; it has" in printed.out
    assert 'error: no protocol is possible: --labels names columns' in printed.err


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [0, 1])
def test_a_video_that_cannot_be_read(videos, tmp_path, capsys, num_workers):
    """It is not replaced, and the message says what to do."""
    rows = (videos / 'videos.csv').read_text().splitlines()
    folder = tmp_path / 'videos'
    folder.mkdir()
    for video in videos.glob('*.mp4'):
        (folder / video.name).symlink_to(video)
    (folder / 'broken.mp4').write_bytes(b'not a video')
    broken = ','.join(['broken.mp4', *rows[1].split(',')[1:]])
    (folder / 'videos.csv').write_text('\n'.join([*rows, broken]))
    options = [*TINY, f'test_dataloader.num_workers={num_workers}']
    options.append(f'test_cfg.gallery_dataloader.num_workers={num_workers}')
    where = ['--data-root', folder, '--work-dir', tmp_path / 'out']
    with pytest.raises(SystemExit):
        call('test.py', CONFIG, videos / 'tiny.pth', *where, options=options)
    (line,) = re.findall('error: .*', capsys.readouterr().err)
    assert line.startswith(f'error: {folder / "broken.mp4"}: ')


@pytest.mark.slow
@pytest.mark.parametrize('named_twice', [False, True])
def test_queries_that_are_their_own_gallery(videos, tmp_path, named_twice):
    """No query finds itself, and nothing is trained on its test data."""
    config = Config.fromfile(CONFIG)
    config.test_dataloader.dataset.where = dict()
    if named_twice:
        config.test_cfg.gallery_dataloader.dataset.where = dict()
    else:
        config.test_cfg.pop('gallery_dataloader')
    config.dump(tmp_path / 'alone.py')
    report, _ = evaluate(
        videos, tmp_path, '--labels', 'joint', 'path', config=tmp_path / 'alone.py',
        options=[option for option in TINY if named_twice or 'gallery' not in option],
    )  # fmt: skip
    nothing = 'no video has the label of another one'
    no_gallery = 'there is no gallery to train on, and the class '  # of fewer videos than folds
    impossible = report['impossible']
    assert impossible.pop('retrieval/path') == impossible.pop('knn/path') == nothing
    assert set(impossible) == {'linear/joint', 'linear/path', 'svm/joint', 'svm/path'}
    assert all(reason.startswith(no_gallery) for reason in impossible.values())
    assert report['runs']['checkpoint']['metrics']['retrieval/joint/R@1'] < 100


@pytest.mark.slow
@pytest.mark.parametrize('queries', [6, 7])
def test_the_papers_numbers_are_shown_for_the_papers_data(videos, tmp_path, queries):
    config = Config.fromfile(CONFIG)
    metrics = {'knn/motion/top1': 12.34}
    config.paper = dict(source='Someone et al.', queries=queries, gallery=8, metrics=metrics)
    config.dump(tmp_path / 'papers.py')
    report, html = evaluate(
        videos, tmp_path, '--protocols', 'knn', '--labels', 'motion', config=tmp_path / 'papers.py'
    )
    if queries == 6:
        assert report['paper'] == dict(source='Someone et al.', metrics=metrics)
        assert 'paper: Someone et al.</th>' in html
        assert '<td class="paper" data-name="paper">12.3</td>' in html
    else:
        assert report['paper'] is None and 'Someone' not in html


def test_a_config_without_features_is_refused(videos, tmp_path, capsys):
    config = CONFIG.parent / 'vclr_r18w16_1xb32-3seg-64px.py'
    with pytest.raises(SystemExit):
        evaluate(videos, tmp_path, config=config)
    assert 'give one whose test_cfg is a GalleryTestLoop' in capsys.readouterr().err


def card_config(protocols=None, settings=None, **changes):
    """The config of the report card, and the metrics that it leaves out."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(changes)
    return report_card_config(config, protocols, settings=settings)


def test_settings_of_the_command_line_replace_single_arguments():
    settings = {'knn.k': 5, 'attentive.epochs': 3, 'probes.columns': ['speed']}
    config, _ = card_config(['knn', 'attentive', 'probes'], settings)
    given = config.test_evaluator.protocols
    assert given.knn.k == 5 and given.probes['columns'] == ['speed']
    assert (given.attentive.epochs, given.attentive.depth) == (3, 1)
    for wrong in ('svm.cost', 'knn', 'knn.'):
        message = f'--settings {wrong}: it must be PROTOCOL.ARGUMENT of .*, which are knn'
        with pytest.raises(InputError, match=message):
            card_config(['knn'], {wrong: 1})


def test_a_metric_without_labels_names_no_columns():
    metrics = [dict(type='KNNMetric', labels=['motion']), dict(type='ProbesMetric', columns=['x'])]
    config, _ = card_config(test_evaluator=metrics)
    assert config.test_evaluator.labels == ['motion']
    assert config.test_evaluator.protocols.probes['columns'] == ['x']


def test_settings_of_metrics_with_a_scope_and_metrics_that_have_no_place():
    metrics = [dict(type='vsslbox.KNNMetric', labels=['motion'], k=3), dict(type='OnceMetric')]
    config, left_out = card_config(test_evaluator=metrics)
    assert config.test_evaluator.protocols.knn.k == 3
    assert config.test_evaluator.labels == ['motion', 'label']
    assert left_out == ['OnceMetric']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(test_evaluator=[dict(type='KNNMetric', k=k) for k in (1, 5)]), 'has two KNNMetric'),
        (dict(test_evaluator=[dict(type='KNNMetric', labels='motion')]), '`labels` of KNNMetric'),
        (dict(paper=dict(source='a', metrics={})), r"it lacks \['queries', 'gallery'\]"),
    ],
)
def test_configs_that_leave_something_open_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        card_config(**changes)


@pytest.mark.parametrize(
    ('metrics', 'order'),
    [
        (['LinearSVMMetric', 'KNNMetric'], ['svm', 'knn', 'linear', 'retrieval']),
        ([], ['knn', 'linear', 'svm', 'retrieval']),
    ],
)
def test_protocols_of_the_config_come_first(metrics, order):
    config, _ = card_config(test_evaluator=[dict(type=metric) for metric in metrics])
    assert list(config.test_evaluator.protocols) == order


def test_an_unknown_protocol_is_named_with_those_there_are():
    message = r"no protocol 'kmm': choose from .*attentive, .*knn, .*custom_imports"
    with pytest.raises(InputError, match=message):
        card_config(protocols=['svm', 'kmm'])


class OtherKNNMetric(KNNMetric):
    """A variant, which takes no place in the report card by itself."""


@pytest.mark.parametrize('protocol', ['', 'knn'])
def test_a_subclass_is_a_protocol_if_it_names_one_of_its_own(monkeypatch, protocol):
    monkeypatch.setitem(METRICS.module_dict, 'OtherKNNMetric', OtherKNNMetric)
    if protocol:
        monkeypatch.setattr(OtherKNNMetric, 'protocol', protocol)
        with pytest.raises(InputError, match='KNNMetric and OtherKNNMetric both name'):
            registered_protocols()
    else:
        assert 'OtherKNNMetric' not in registered_protocols().values()


def test_protocols_of_child_registries_have_their_scope(monkeypatch):
    monkeypatch.setattr(METRICS, '_children', dict(METRICS.children))
    child = Registry('metric', parent=METRICS, scope='outside')

    @child.register_module()
    class OutsideMetric(KNNMetric):
        protocol = 'outside'

    assert registered_protocols()['outside'] == 'outside.OutsideMetric'
    config, _ = card_config(protocols=['outside'])
    assert METRICS.get(config.test_evaluator.protocols.outside.type) is OutsideMetric


def test_queries_with_other_labels_than_the_gallery():
    """A column is numbers in one list, text in the other."""
    queries, gallery = (
        FeatureSet(torch.eye(2), [dict(name=str(i), label=kind(i)) for i in range(2)])
        for kind in (int, str)
    )
    card = ReportCardMetric(dict(knn=dict(type='KNNMetric')))
    assert card(queries, gallery) == {}
    (reason,) = card.impossible.values()
    assert "the first query is of 0, the first video of the gallery of '0'" in reason


def test_a_video_that_a_list_names_twice_is_not_trained_and_tested():
    """Its features say nothing of the others, and everything of itself."""
    rng = np.random.default_rng(0)
    features = torch.from_numpy(rng.normal(size=(60, 200))).float().repeat(2, 1)
    labels = rng.integers(2, size=60).tolist() * 2
    attributes = [dict(name=f'{n}.mp4', label=label) for n, label in enumerate(labels)]
    files = [f'/v/{n}.mp4' for n in range(60)] * 2
    videos = FeatureSet(features, attributes, files=files)
    card = ReportCardMetric(dict(linear=dict(type='LinearProbeMetric')))
    assert card(videos, videos)['linear/label/top1'] < 70
    assert card(*[FeatureSet(features, attributes)] * 2)['linear/label/top1'] > 80


ZOO = 'zoo://vclr_r18w16_demo'
ALONE = ['log_level=ERROR', 'test_dataloader.num_workers=0']
WITH_GALLERY = [*ALONE, 'test_cfg.gallery_dataloader.num_workers=0']


def evaluate_alone(folder, out, *arguments, options=ALONE):
    """Evaluate weights by what they say about themselves, and return the JSON."""
    where = ['--data-root', folder, '--work-dir', out, '--random-seeds', 0]
    if '--protocols' not in arguments:
        arguments = *arguments, '--no-duplicates'
    call('evaluate.py', ZOO, *where, *arguments, options=options)
    return json.loads((out / 'report.json').read_text())


@pytest.fixture(scope='module')
def embedded(videos):
    """The features of all videos, each of length 1, in the order of their names."""
    features = VideoEmbedder(ZOO, device='cpu')(videos)['predictions']
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def write_list(path, videos, **columns):
    rows = list(csv.DictReader((videos / 'videos.csv').open()))
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['path', 'motion', *columns])
        writer.writerows(
            [row['path'], row['motion'], *added] for row, *added in zip(rows, *columns.values())
        )
    return path, [int(row['motion']) for row in rows]


@pytest.mark.slow
def test_the_checkpoint_says_what_it_needs(videos, embedded, tmp_path):
    """Its own clips; the split has two names for queries, in any case."""
    split = ['Val'] * 2 + ['test'] * 4 + ['train'] * 8
    listed, motion = write_list(tmp_path / 'list.csv', videos, split=split)
    report = evaluate_alone(videos, tmp_path, '--list', listed, options=WITH_GALLERY)
    nearest = 6 + (embedded[:6] @ embedded[6:].T).argmax(axis=1)
    right = sum(motion[query] == motion[found] for query, found in enumerate(nearest))
    figures = {figure['name']: figure for figure in report['figures']}
    assert figures['retrieval/motion/R@1']['value'] == pytest.approx(100 * right / 6)
    assert 'retrieval/motion/R@5' not in figures  # by chance it is 1 - 1 / 70
    assert report['setting'] == 'The 6 queries have a gallery of 8 videos.'


@pytest.mark.slow
def test_videos_of_a_group_do_not_find_each_other(videos, embedded, tmp_path):
    scene = [number // 3 for number in range(14)]
    listed, motion = write_list(tmp_path / 'list.csv', videos, scene=scene)
    report = evaluate_alone(videos, tmp_path, '--list', listed, '--group', 'scene')
    similarities = embedded @ embedded.T
    similarities[np.equal.outer(scene, scene)] = -2
    right = sum(motion[i] == motion[found] for i, found in enumerate(similarities.argmax(axis=1)))
    figures = {figure['name']: figure for figure in report['figures']}
    assert figures['retrieval/motion/R@1']['value'] == pytest.approx(100 * right / 14)
    assert report['setting'] == (
        'Each of the 14 videos is a query, with all others but those of its scene as gallery; '
        'what trains is cross-validated.'
    )
    assert report['impossible']['svm/motion'].startswith('there is no gallery to train on, and ')


@pytest.mark.slow
def test_nothing_is_trained_on_the_groups_that_it_is_tested_on(videos, tmp_path):
    columns = dict(split=['test'] * 6 + ['train'] * 8, scene=['a'] * 5 + ['b'] * 2 + ['c'] * 7)
    listed, _ = write_list(tmp_path / 'list.csv', videos, **columns)
    report = evaluate_alone(
        videos, tmp_path, '--list', listed, '--group', 'scene', options=WITH_GALLERY
    )
    reason = "the gallery, on which it would train, has values of 'scene' that queries have: 'b'"
    assert report['impossible'] == {'linear/motion': reason, 'svm/motion': reason}


@pytest.mark.slow
def test_a_list_of_mmaction_has_the_column_label(videos, tmp_path):
    listed, motion = write_list(tmp_path / 'list.csv', videos)
    names = sorted(path.name for path in videos.glob('*.mp4'))
    listed = tmp_path / 'list.txt'
    listed.write_text(''.join(f'{name} {label}\n' for name, label in zip(names, motion)))
    report = evaluate_alone(videos, tmp_path, '--list', listed)
    assert {figure['name'] for figure in report['figures']} == {
        'knn/label/top1', 'linear/label/top1', 'svm/label/top1', 'retrieval/label/R@1',
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--list', '{}/../empty.csv'], 'empty.csv has no rows below its header'),
        (['--labels', 'mood'], "the list has no column 'mood'"),
        ([], "has no column `label`: name those to predict by --labels; it has ['appearance',"),
        (['--labels', 'motion', '--group', 'scene'], "the list has no column 'scene'"),
        (['--list', '{}/none.csv'], 'none.csv'),
    ],
)
def test_lists_that_leave_something_open(videos, tmp_path, capsys, arguments, message):
    (videos.parent / 'empty.csv').write_text('path,motion,split\n')
    arguments = [word.format(videos) for word in arguments]
    with pytest.raises(SystemExit) as ended:
        evaluate_alone(videos, tmp_path, *arguments, options=WITH_GALLERY)
    assert ended.value.code == 1
    assert message in ''.join(capsys.readouterr())


def test_a_checkpoint_that_does_not_say_is_named_with_the_way_out(videos, tmp_path, capsys):
    with pytest.raises(SystemExit):
        call('evaluate.py', videos / 'tiny.pth', '--data-root', videos, '--labels', 'motion')
    assert 'name the config of a protocol instead (--config)' in capsys.readouterr().err


@pytest.mark.slow
def test_a_copy_on_the_other_side_is_warned_of(tmp_path, capsys):
    """Encoded again, it is found; the others are recordings of their own."""
    for number in range(4):
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 256, (12, 6, 8, 3), dtype=np.uint8)
        frames = coarse.repeat(8, axis=1).repeat(8, axis=2).repeat(4, axis=0)
        write_video(tmp_path / f'{number}.mp4', frames)
        if number == 3:
            write_video(tmp_path / 'copy.mp4', frames, codec='mpeg4')
    rows = 'path,split,label', 'copy.mp4,test,a', '0.mp4,test,b', *(
        f'{number}.mp4,train,{label}' for number, label in zip((1, 2, 3), 'aba')
    )  # fmt: skip
    (tmp_path / 'list.csv').write_text('\n'.join(rows))
    report = evaluate_alone(tmp_path, tmp_path, '--protocols', 'knn', options=WITH_GALLERY)
    (pair,) = report['near_duplicates']
    assert (pair['query'], pair['gallery']) == ('copy.mp4', '3.mp4')
    warning = 'near-duplicates of videos of the gallery: 1 of 2, such as copy.mp4 of 3.mp4.'
    assert f'warning: Queries that look like {warning}' in capsys.readouterr().out
    html = (tmp_path / 'report.html').read_text()
    assert html.index(warning) < html.index('<h2>Figures')
    assert html.count('alt="hit 1, alike"') == 1


def some(**columns):
    """Two videos with files of their own."""
    attributes = [dict(zip(columns, values)) for values in zip(*columns.values())]
    return FeatureSet(torch.eye(2), attributes, files=[f'/{own["name"]}' for own in attributes])


@pytest.mark.parametrize(
    ('group', 'expected'), [(None, [(0, 1, 0.9), (1, 0, 0.8)]), ('scene', [(0, 1, 0.9)])]
)
def test_videos_that_cannot_find_each_other_may_be_alike(monkeypatch, group, expected):
    """A video itself, which is in both lists, and videos of its group."""
    pairs = [(1, 1, 1.0), *[(0, 1, 0.9), (1, 0, 0.8)]]
    monkeypatch.setattr('vsslbox.apis.near_duplicates.near_duplicates', lambda a, b: pairs)
    queries = some(name=['a', 'b'], scene=[1, 2])
    gallery = some(name=['c', 'b'], scene=[2, 3])
    found = duplicates_of_queries(queries, gallery, group)
    assert found.pairs == expected
    assert f'of videos of the gallery: {len(expected)} of 2, such as a of b' in found.text
    monkeypatch.setattr('vsslbox.apis.near_duplicates.near_duplicates', lambda a, b: pairs[:1])
    assert duplicates_of_queries(queries, gallery, group) is None
