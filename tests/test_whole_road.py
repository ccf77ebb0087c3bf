"""From a folder of real clips to answers, by the installed command alone."""

import csv
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.wheel import build_wheel, installed_command, make_environment, run
from vsslbox.datasets.readers import PyAVReader

PRETRAINING = 'cvrl_r3d18w16_1xb32-8x3-64px'
SMALL_BATCH = ('--cfg-options', 'train_dataloader.batch_size=8')


@pytest.fixture
def clips(data_root, tmp_path):
    """A folder of 24 real clips of two classes, each of a scene of its own, with their list."""
    scenes = data_root / 'scenes2'
    folder = tmp_path / 'my clips'
    folder.mkdir()
    with open(scenes / 'labels.csv', newline='') as file:
        rows, seen = [], set()
        for row in csv.DictReader(file):
            if (row['label'], row['scene_group']) not in seen:
                seen.add((row['label'], row['scene_group']))
                rows.append(row)
    listed = []
    for label in ('fight', 'noFight'):
        for number, row in enumerate([row for row in rows if row['label'] == label][:12]):
            name = f'{label} {number}.mp4'
            shutil.copy(scenes / 'videos_160p' / row['path'], folder / name)
            listed.append((name, label))
    with open(folder / 'labels.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('path', 'label'), *listed])
    return folder


def plant_copy(folder: Path) -> None:
    """Write a copy of a clip at another size and quality."""
    reader = PyAVReader(str(folder / 'fight 3.mp4'))
    frames = reader.read(range(reader.num_frames))
    write_video(folder / 'copy.mp4', np.stack([cv2.resize(frame, (120, 90)) for frame in frames]))


@pytest.mark.slow
@pytest.mark.parametrize(
    'extras', [None, pytest.param('lite,search,export', marks=pytest.mark.full)]
)
def test_from_a_folder_to_answers(clips, tmp_path, extras):
    """Pretrain, embed, search, find copies, evaluate, fine-tune, predict and export.

    The full form installs all that the wheel requires from the registry.
    """
    commands = make_environment(tmp_path / 'env', build_wheel(tmp_path / 'wheel'), extras)
    work = tmp_path / 'work'
    work.mkdir()
    env = {**os.environ, 'PATH': f'{commands}:{os.environ["PATH"]}', 'OMP_NUM_THREADS': '1'}
    env.pop('PYTHONPATH', None)

    words = ['pretrain', PRETRAINING, '--data-root', clips, '--epochs', 2, *SMALL_BATCH]
    run(commands / 'vsslbox', *words, cwd=work, env=env)
    checkpoint = work / 'work_dirs' / PRETRAINING / 'epoch_2.pth'
    assert checkpoint.is_file()
    with installed_command(commands, cwd=work, env=env) as vsslbox:
        answer(vsslbox, clips, work, checkpoint)


def answer(vsslbox, clips, work, checkpoint):
    """Call the commands that take a pretraining."""
    plant_copy(clips)
    vsslbox('embed', clips, '--checkpoint', checkpoint, '-o', 'index')
    assert np.load(work / 'index' / 'features.npy').shape == (25, 128)
    shown = vsslbox('search', 'index', clips / 'fight 3.mp4', '--page', 'results.html')
    assert 'copy.mp4' in shown and 'fight 3.mp4' not in shown  # a video does not find itself
    assert 'copy.mp4' in (work / 'results.html').read_text()

    vsslbox('duplicates', clips, '-o', 'copies.csv')
    with open(work / 'copies.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    found = [{Path(row['first']).name, Path(row['second']).name} for row in rows]
    assert {'fight 3.mp4', 'copy.mp4'} in found
    (clips / 'copy.mp4').unlink()

    words = ['--data-root', clips, '--labels', 'label']
    vsslbox('evaluate', checkpoint, *words, '--random-seeds', 1, '--work-dir', 'report')
    assert 'fight' in (work / 'report' / 'report.html').read_text()

    vsslbox('finetune', checkpoint, *words, '--epochs', 1, '--work-dir', 'classifier')
    report = json.loads((work / 'classifier' / 'report.json').read_text())
    assert report['videos'] == 5 and 0 <= report['accuracy'] <= 100
    (model,) = (work / 'classifier').glob('best_acc_top1_*.pth')
    vsslbox('predict', model, clips / 'fight*.mp4', '--out', 'classes.csv')
    with open(work / 'classes.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [Path(row['name']).name for row in rows] == sorted(f'fight {n}.mp4' for n in range(12))
    assert {row['class'] for row in rows} <= {'fight', 'noFight'}

    vsslbox('export', model, '-o', 'classifier.onnx')
    onnx = pytest.importorskip('onnxruntime')
    session = onnx.InferenceSession(work / 'classifier.onnx')
    (clip,) = session.get_inputs()
    shape = [1 if isinstance(side, str) else side for side in clip.shape]
    (scores,) = session.run(None, {clip.name: np.zeros(shape, np.uint8)})
    assert scores.shape == (1, 2) and scores.sum() == pytest.approx(1, abs=1e-5)
