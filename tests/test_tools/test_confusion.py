"""Confusions of a file of predictions."""

import csv

import pytest

from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError

ROWS = [
    ('a.mp4', 'jump', 'jump'),
    ('b.mp4', 'jump', 'run & <go>'),
    ('c.mp4', ' jump', 'jump'),
    ('d.mp4', 'run & <go>', 'run & <go>'),
    ('e.mp4', '', 'jump'),
]


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / 'predictions.csv'
    with open(path, 'w', newline='', encoding='utf-8-sig') as file:  # with a byte-order mark
        csv.writer(file).writerows([('truth', 'name', 'class'), *((t, n, c) for n, t, c in ROWS)])
    return path


@pytest.fixture
def run(monkeypatch):
    def run(*words):
        with imported_tool('analysis/confusion.py') as tool:
            return run_main(tool, monkeypatch, *words)

    return run


def test_the_counts_are_written(run, predictions, tmp_path, capsys):
    out = tmp_path / 'new' / 'confusion.csv'
    assert run(predictions, '-o', out) == 0
    with open(out, newline='') as file:
        table = list(csv.reader(file))
    assert table[0][1:] == ['jump', 'run & <go>']
    assert table[1:] == [['jump', '2', '1'], ['run & <go>', '0', '1']]
    printed = capsys.readouterr().out
    assert '1 of 5 videos have no true class: left out' in printed
    (jump,) = (line.split() for line in printed.splitlines() if line.split()[:1] == ['jump'])
    assert jump[1:] == ['1.00', '0.67', '0.80', '3']  # precision, recall, F1, videos
    assert printed.endswith(f'{out}: 4 videos\n')


def test_the_page_is_escaped(run, predictions, tmp_path):
    out = tmp_path / 'confusion.html'
    assert run(predictions, '-o', out) == 0
    page = out.read_text('utf-8')
    assert 'confusion matrix of predictions.csv' in page and '<go>' not in page


def test_what_has_no_truth_is_told(run, tmp_path):
    path = tmp_path / 'predictions.csv'
    path.write_text('name,class\na,b\n')
    with pytest.raises(InputError, match=r"must have the columns \['truth', 'class'\]"):
        run(path, '-o', tmp_path / 'out.csv')
    path.write_text('truth,class\n,b\n')
    with pytest.raises(InputError, match='has no video with a true class'):
        run(path, '-o', tmp_path / 'out.csv')
    with pytest.raises(InputError, match=r'out\.pkl is no CSV file: `tools/test\.py --dump'):
        run(tmp_path / 'out.pkl', '-o', tmp_path / 'out.csv')
    with pytest.raises(InputError, match=r'out\.gif must end in \.html or \.csv'):
        run(path, '-o', tmp_path / 'out.gif')
    assert not list(tmp_path.glob('out.*'))
