"""From a pretraining and labels to a classifier and its report, by one command."""

import csv
import json
import re

import mmengine
import numpy as np
import pytest
import torch
from mmaction.apis import inference_recognizer, init_recognizer
from mmengine.config import Config
from mmengine.registry import DefaultScope

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoClassifier
from vsslbox.apis.checkpoint_config import trained_config
from vsslbox.apis.finetune_config import finetune_config
from vsslbox.config import check_config
from vsslbox.datasets.readers import PyAVReader
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, read_lines
from vsslbox.registry import MODELS

COLOURS = dict(blue=(20, 20, 220), red=(220, 20, 20))


@pytest.fixture(scope='module')
def labelled(tmp_path_factory):
    """A folder of 24 videos of two colours by six subjects, and their list."""
    folder = tmp_path_factory.mktemp('labelled')
    rows = []
    for number in range(24):
        colour = list(COLOURS)[number % 2]
        rng = np.random.default_rng(number)
        frames = rng.integers(0, 20, (24, 48, 64, 3)) + COLOURS[colour]
        write_video(folder / f'{number}.mp4', frames.clip(0, 255).astype(np.uint8))
        rows.append((f'{number}.mp4', colour, f's{number // 4}'))
    with open(folder / 'labels.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('path', 'colour', 'subject'), *rows])
    return folder


@pytest.mark.slow
def test_folds_then_predictions(labelled, tmp_path, monkeypatch, capfd):
    """The best model of a fold tells the colours apart, and predicts them for other files."""
    where = ['--data-root', labelled, '--labels', 'colour', '--work-dir', tmp_path / 'run']
    folds = ['--folds', 2, '--group', 'subject', '--epochs', 2, '--lr', 1e-3]
    words = ['zoo://vclr_r18w16_demo', *where, *folds]
    with imported_tool('finetune.py') as tool:
        assert run_main(tool, monkeypatch, *words) == 0
        shown = capfd.readouterr()
        report = json.loads((tmp_path / 'run' / 'report.json').read_text())
        assert report['videos'] == 24 and len(report['folds']) == 2
        assert report['accuracy'] == pytest.approx(np.mean(report['folds'])) == 100
        with open(tmp_path / 'run' / 'confusion.csv') as file:
            table = list(csv.reader(file))
        assert table[1:] == [['blue', '12', '0'], ['red', '0', '12']]
        # The terminal shows the training, the file also what it ran in.
        (log,) = (tmp_path / 'run' / 'fold0').glob('*/*.log')
        shown, logged = shown.out + shown.err, log.read_text()
        for words_of_file in ('System environment:', 'Config:', 'Hooks will be executed'):
            assert words_of_file in logged and words_of_file not in shown
        assert 'Epoch(train)' in shown and f'log: {log}' in shown
        # Again: nothing is trained, and the report is the same.
        capfd.readouterr()
        assert run_main(tool, monkeypatch, *words) == 0
        assert 'Epoch(train)' not in capfd.readouterr().out
        assert json.loads((tmp_path / 'run' / 'report.json').read_text()) == report
        with pytest.raises(InputError, match='has results with other values of seed'):
            run_main(tool, monkeypatch, *words, '--seed', 1)

    (best,) = (tmp_path / 'run' / 'fold0').glob('best_acc_top1_*.pth')
    out = tmp_path / 'out' / 'predictions.csv'
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(b'no video')
    videos = [labelled / '1.mp4', bad, labelled / '2.mp4']
    with imported_tool('predict.py') as tool:
        assert run_main(tool, monkeypatch, best, *videos, '--out', out, '--workers', 0) == 0
    with open(out) as file:
        rows = list(csv.DictReader(file))
    assert [(row['name'], row['class']) for row in rows] == [
        (str(labelled / '1.mp4'), 'red'),
        (str(labelled / '2.mp4'), 'blue'),
    ]
    for row in rows:
        assert float(row['blue']) + float(row['red']) == pytest.approx(1, abs=1e-5)
        assert row['score'] == row[row['class']]
    assert str(bad) in (tmp_path / 'out' / 'predictions.bad.csv').read_text()

    # A test writes the same, and OpenMMLab's file; its table is on the terminal.
    config = tmp_path / 'run' / 'fold0' / 'config.py'
    capfd.readouterr()
    with imported_tool('test.py') as tool:
        for name in ('tested.csv', 'tested.pkl'):
            words = [config, best, '--dump', tmp_path / name, '--work-dir', tmp_path / 'test']
            assert run_main(tool, monkeypatch, *words) == 0
    assert re.search(r'^acc/top1 +1$', capfd.readouterr().out, flags=re.MULTILINE)
    with open(tmp_path / 'tested.csv') as file:
        tested = {row['name']: row for row in csv.DictReader(file)}
    parts = {}
    for part in ('train', 'val', 'test'):
        with open(tmp_path / 'run' / 'fold0' / f'{part}.csv') as file:
            parts[part] = {row['path']: row['colour'] for row in csv.DictReader(file)}
        loader = Config.fromfile(config)[f'{part}_dataloader']
        assert loader.dataset.ann_file == str(tmp_path / 'run' / 'fold0' / f'{part}.csv')
    assert sum(map(len, parts.values())) == len({**parts['train'], **parts['val'], **parts['test']})
    truth = parts['test']
    assert {name: row['truth'] for name, row in tested.items()} == truth
    assert all(row['class'] == row['truth'] for row in tested.values())
    for dumped in mmengine.load(tmp_path / 'tested.pkl'):
        row = tested[dumped['attributes']['name']]
        expected = [float(row['blue']), float(row['red'])]
        assert dumped['pred_scores']['item'].tolist() == pytest.approx(expected, abs=1e-6)


def listed(folder, **values):
    """Write a list of the videos with some values changed, and return its path."""
    path = folder / 'list.csv'
    rows = [
        dict(path=f'{n}.mp4', colour=list(COLOURS)[n % 2], subject=f's{n // 4}') for n in range(24)
    ]
    rows[5].update(values)
    lines = [','.join(row.values()) for row in rows]
    path.write_text('\n'.join(['path,colour,subject', *lines]), encoding='utf-8')
    return path


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (dict(path='6.mp4'), r'list.csv names 6.mp4 again, as 6.mp4, so that it could train and'),
        (dict(path='./6.mp4'), r'list.csv names 6.mp4 again, as 6.mp4'),
        (dict(path='link.mp4'), r'list.csv names 0.mp4 again, as link.mp4'),
        (dict(path='gone.mp4'), r'1 of 24 in .*list.csv do not exist'),
        (dict(path=''), r'1 of 24 in .*list.csv are not files'),
        (dict(subject=' '), r"list.csv has 1 rows without a value of 'subject': fill it in"),
    ],
)
def test_a_list_is_checked_before_anything_is_trained(
    labelled, tmp_path, monkeypatch, values, message
):
    for video in labelled.glob('*.mp4'):
        (tmp_path / video.name).symlink_to(video)
    (tmp_path / 'link.mp4').symlink_to('0.mp4')
    words = ['--data-root', tmp_path, '--labels', 'colour', '--list', listed(tmp_path, **values)]
    words += ['--group', 'subject', '--work-dir', tmp_path / 'run']
    refused = pytest.raises((InputError, FileNotFoundError), match=message)
    with imported_tool('finetune.py') as tool, refused:
        run_main(tool, monkeypatch, 'zoo://vclr_r18w16_demo', *words)
    assert not (tmp_path / 'run').exists()


def test_a_list_that_is_not_utf_8_is_told(tmp_path):
    (tmp_path / 'list.csv').write_bytes(b'path,colour\ncaf\xe9.mp4,red\n')
    with pytest.raises(InputError, match=r'list.csv is not UTF-8 text'):
        read_csv(tmp_path / 'list.csv')
    with pytest.raises(InputError, match=r'list.csv is not UTF-8 text'):
        read_lines(tmp_path / 'list.csv')


@pytest.mark.parametrize(
    ('labels', 'classes'),
    [
        (['2', '10', '2', '3'], ['2', '3', '10']),
        (['1', '2'], ['1', '2']),
        (['1', '0'], None),
        (['01', '2'], None),
        (['a', 'b'], None),
    ],
)
def test_integers_that_do_not_count_from_0_are_names(labels, classes):
    with imported_tool('finetune.py') as tool:
        assert tool.class_names(labels) == classes


@pytest.mark.slow
def test_paths_and_classes_as_users_write_them(labelled, tmp_path, monkeypatch):
    """Spaces, absolute paths and classes that count from 1, from the list to the report."""
    path = tmp_path / 'list.csv'
    rows = [f'{name}, {n % 2 + 1}' for n in range(24) for name in [f'./{n}.mp4 ']]
    rows[3] = f'{labelled}/3.mp4,2'
    path.write_text('\n'.join(['path, colour', *rows]))
    words = ['--data-root', labelled, '--labels', 'colour', '--list', path, '--epochs', 2]
    words += ['--lr', 1e-3, '--work-dir', tmp_path / 'run']
    with imported_tool('finetune.py') as tool:
        assert run_main(tool, monkeypatch, 'zoo://vclr_r18w16_demo', *words) == 0
    report = json.loads((tmp_path / 'run' / 'report.json').read_text())
    assert report['accuracy'] == 100
    assert {'1', '2'} < report['classes'].keys()


def test_the_classes_are_drawn_on_copies(tmp_path, monkeypatch):
    """Two videos of the same name, and one that breaks off after its first frames."""
    rng = np.random.default_rng(0)
    videos = [tmp_path / 'a' / 'x.mp4', tmp_path / 'b' / 'x.mp4']
    for video in videos:
        video.parent.mkdir()
        write_video(video, rng.integers(0, 20, (12, 48, 66, 3), dtype=np.uint8))
    scores = dict(blue=0.25, rot=0.75)
    results = dict(videos=[str(v) for v in videos], predictions=[dict(scores=scores)] * 2)
    with imported_tool('predict.py') as tool:
        assert tool.draw_classes(tmp_path / 'out', results) == {}
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == ['x (2).mp4', 'x.mp4']
    frames = PyAVReader(str(tmp_path / 'out' / 'x.mp4')).read(range(12))
    assert len(frames) == 12 and frames[0].shape == (480, 660, 3)
    corner, elsewhere = (np.stack(part) for part in zip(*((f[:60, :200], f[200:]) for f in frames)))
    assert (corner.max(axis=(1, 2, 3)) > 200).all()  # white letters on dark videos
    assert elsewhere.max() < 60


KINDS = {
    ('vclr_r18w16_demo', None): ('Recognizer2D', 'NarrowResNet', 'TSNHead', 128),
    ('vclr_r18w16_demo', 'tsm'): ('Recognizer2D', 'NarrowResNetTSM', 'TSMHead', 128),
    ('vclr_r18w16_demo', 'linear'): ('Recognizer2D', 'NarrowResNet', 'TSNHead', 128),
    ('cvrl_r3d18w12_demo', None): ('Recognizer3D', 'R3DResNet', 'I3DHead', 96),
    ('vdim_r21dw8_demo', '3d'): ('Recognizer3D', 'ProjectedBackbone', 'I3DHead', 64),
    ('vie_3dresnet_r18w16_demo', 'linear'): ('Recognizer3D', 'PreActResNet3d', 'I3DHead', 128),
}


@pytest.mark.parametrize(('name', 'kind'), KINDS)
def test_the_backbone_decides_the_model(labelled, name, kind):
    config = finetune_config(f'zoo://{name}', 2, kind=kind)
    recognizer, backbone, head, channels = KINDS[name, kind]
    assert config.model.type == f'mmaction.{recognizer}'
    assert config.model.backbone.type == backbone
    assert config.model.cls_head.type == f'mmaction.{head}'
    assert config.model.cls_head.in_channels == channels
    hooks = [hook['type'] for hook in config.get('custom_hooks', [])]
    assert ('FreezeBackboneHook' in hooks) == (kind == 'linear')
    config.work_dir = 'unused'
    check_config(Config(config._cfg_dict))


@pytest.mark.parametrize(
    ('name', 'kind', 'message'),
    [
        ('cvrl_r3d18w12_demo', 'tsn', "a backbone of clips, which 'tsn' cannot use: choose '3d'"),
        ('vclr_r18w16_demo', '3d', "of frames, which '3d' cannot use: choose 'tsn' or 'tsm'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(name, kind, message):
    with pytest.raises(InputError, match=message):
        finetune_config(f'zoo://{name}', 2, kind=kind)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'kind'), [('vclr_r18w16_demo', 'tsm'), ('cvrl_r3d18w12_demo', '3d')]
)
def test_inference_of_mmaction2_gives_the_same_scores(labelled, tmp_path, name, kind):
    """From the file of the config as from the checkpoint's own config."""
    config = finetune_config(f'zoo://{name}', 2, kind=kind)
    config.dump(tmp_path / 'config.py')
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(config.model)
    meta = dict(cfg=config.pretty_text, dataset_meta=dict(classes=['blue', 'red']))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), tmp_path / 'last.pth')
    video = str(labelled / '3.mp4')
    ours = VideoClassifier(tmp_path / 'last.pth', device='cpu')(video)['predictions'][0]
    for source in (str(tmp_path / 'config.py'), trained_config(tmp_path / 'last.pth')):
        recognizer = init_recognizer(source, str(tmp_path / 'last.pth'), device='cpu')
        scores = inference_recognizer(recognizer, video).pred_scores.item
        assert scores.tolist() == pytest.approx(list(ours['scores'].values()), abs=1e-6)
