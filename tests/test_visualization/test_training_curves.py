"""Curves of trainings: what is drawn is what was logged, resumed parts joined."""

import base64
import json
import math
import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError
from vsslbox.visualization.training_curves import curves_figure, panels_of
from vsslbox.visualization.training_log import read_training_log


def trained(epoch, iteration, loss, **others):
    return dict(
        lr=0.1, data_time=0.5, loss=loss, **others, time=1.0, epoch=epoch, iter=iteration,
        step=iteration,
    )  # fmt: skip


def validated(step, value):
    return {'acc/top1': value, 'data_time': 0.1, 'time': 0.2, 'step': step}


def write_log(run, stamp, rows, end=''):
    path = run / stamp / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows) + end)
    return path


@pytest.fixture
def resumed(tmp_path):
    """Epochs of 10 iterations: killed at 35, resumed after 20, which repeats 30 with other values.

    A test without training lies beside them.
    """
    run = tmp_path / 'resumed'
    first = [trained(1, 10, 4.0), validated(1, 0.1), trained(2, 20, 3.0), validated(2, 0.2)]
    first += [trained(3, 30, 9.0), validated(3, 0.9), trained(4, 35, 9.5)]
    write_log(run, '20260101_000000', first, end='{"lr": 0.1, "lo')  # killed in this line
    second = [trained(3, 30, 2.0), validated(3, 0.3), trained(4, 40, 1.0), validated(4, 0.4)]
    write_log(run, '20260102_000000', second)
    write_log(run, '20260103_000000', [validated(0, 0.99)])
    return run


def test_a_resumed_part_replaces_what_it_repeats(resumed):
    log = read_training_log(resumed)
    assert log.training['loss'] == [(10, 4.0), (20, 3.0), (30, 2.0), (40, 1.0)]
    assert log.validation == {
        'acc/top1': [(10, 0.1), (20, 0.2), (30, 0.3), (40, 0.4)],
        'data_time': [(10, 0.1), (20, 0.1), (30, 0.1), (40, 0.1)],
        'time': [(10, 0.2), (20, 0.2), (30, 0.2), (40, 0.2)],
    }
    assert log.epoch_length == 10


def test_a_training_from_the_beginning_replaces_all(resumed):
    write_log(resumed, '20260104_000000', [trained(1, 10, 7.0)])
    log = read_training_log(resumed)
    assert log.training['loss'] == [(10, 7.0)] and log.validation == {}


def test_validations_that_count_iterations(tmp_path):
    rows = [
        dict(loss=1.0, iter=50, step=50),
        validated(50, 0.5),
        dict(loss=0.5, iter=100, step=100),
    ]
    log = read_training_log(write_log(tmp_path, 'a', [*rows, validated(100, 0.6)]))
    assert log.validation['acc/top1'] == [(50, 0.5), (100, 0.6)]
    with pytest.raises(InputError, match='b does not count epochs: compare by iterations'):
        panels_of(dict(b=log), by_epoch=True)


def test_runs_of_other_lengths_are_aligned_by_epochs(resumed, tmp_path):
    other = write_log(tmp_path, 'x', [trained(1, 2, 8.0), trained(1, 4, 7.0), validated(1, 0.5)])
    logs = dict(a=read_training_log(resumed), b=read_training_log(other))
    panels = {panel.name: panel for panel in panels_of(logs, by_epoch=True)}
    assert list(panels) == ['loss', 'lr', 'acc/top1']  # losses first, validations last
    assert panels['loss'].curves['a'] == [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)]
    assert panels['loss'].curves['b'] == [(0.5, 8.0), (1, 7.0)]
    assert panels['acc/top1'].curves['b'] == [(1, 0.5)]


def test_the_values_are_drawn(resumed):
    panels = panels_of({'_a$x$': read_training_log(resumed)}, keys=['lo*', 'acc/top1'])
    loss, accuracy = curves_figure(panels).axes
    (line,) = loss.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([10, 20, 30, 40], [4, 3, 2, 1])
    (line,) = accuracy.lines
    assert list(line.get_ydata()) == [0.1, 0.2, 0.3, 0.4]
    assert line.get_marker() == '.'
    assert (loss.get_title(), loss.get_xlabel()) == ('loss', 'iteration')
    assert loss.get_legend().get_texts()[0].get_text().strip() == '_a$x$'


def test_a_loss_that_is_not_finite_is_a_gap(tmp_path):
    losses = [1.0, math.nan, 0.5]
    rows = [trained(1, number, loss) for number, loss in enumerate(losses, start=1)]
    log = read_training_log(write_log(tmp_path, 'a', rows))
    (panel,) = panels_of(dict(a=log), keys=['loss'])
    (line,) = curves_figure([panel]).axes[0].lines
    np.testing.assert_array_equal(line.get_ydata(), losses)


def test_the_page_holds_all_and_follows_the_theme(resumed, tmp_path, monkeypatch):
    out = tmp_path / 'new' / 'curves.html'
    with imported_tool('analysis/curves.py') as tool:
        assert run_main(tool, monkeypatch, resumed, '-o', out) == 0
    page = out.read_text('utf-8')
    assert not re.search(r'(src|href)(set)?="(?!data:)', page)
    shown = re.findall(r'(?:src|srcset)="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(shown) == 2 * 3  # light and dark, of loss, lr and acc/top1
    for picture in shown:
        ElementTree.fromstring(base64.b64decode(picture))
    assert page.count('media="(prefers-color-scheme: dark)"') == 3
    assert 'alt="acc/top1 by iteration"' in page


def test_a_picture_of_several_runs(resumed, tmp_path, monkeypatch, capsys):
    other = tmp_path / 'other' / 'resumed'  # of the same name
    write_log(other, 'x', [trained(1, 10, 8.0)])
    out = tmp_path / 'curves.png'
    with imported_tool('analysis/curves.py') as tool:
        assert run_main(tool, monkeypatch, resumed, other, '-o', out, '--keys', 'loss') == 0
        assert tool.names_of([resumed, other]) == [str(resumed), str(other)]
        with pytest.raises(InputError, match='a run is named twice'):
            run_main(tool, monkeypatch, resumed, resumed, '-o', out)
        with pytest.raises(InputError, match=r'curves\.txt must end in one of \.html, \.png'):
            run_main(tool, monkeypatch, resumed, '-o', tmp_path / 'curves.txt')
    assert cv2.imread(str(out)).shape == (480, 690, 3)
    assert capsys.readouterr().out == f'{out}: loss\n'


def test_what_is_no_training_is_told(resumed, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match=r'empty has no log of a training \(\*/vis_data/scalars'):
        read_training_log(tmp_path / 'empty')
    with pytest.raises(InputError, match='it logged no iteration'):
        read_training_log(write_log(tmp_path / 'tested', 'a', [validated(0, 0.5)]))
    wrong = write_log(tmp_path / 'wrong', 'a', [], end='no json\n{}\n')
    with pytest.raises(InputError, match=r'scalars\.json, line 1: no scalars in JSON'):
        read_training_log(wrong)
    with pytest.raises(InputError, match=r"no run logged 'accuracy'; there are acc/top1, loss, lr"):
        panels_of(dict(a=read_training_log(resumed)), keys=['accuracy'])
