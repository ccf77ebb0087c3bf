"""The summary of SEVERE, and the list with few videos of each class that it needs."""

import json

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main


@pytest.fixture(scope='module')
def tool():
    with imported_tool('analysis/severe.py') as module:
        yield module


def write(folder, config, videos=100, **metrics):
    (folder / config).mkdir(parents=True)
    record = dict(metrics=metrics, test=dict(videos=videos))
    (folder / config / 'metrics.json').write_text(json.dumps(record))


def test_its_tests_have_configs(tool):
    names = {path.stem for path in (REPO / 'configs/severe/benchmarks').glob('*.py')}
    assert {config for config, _ in tool.TESTS.values()} <= names
    assert len(tool.TESTS) == 7


def test_values_ranks_and_the_means_of_whole_factors(tool, tmp_path, monkeypatch, capsys):
    accuracies = {'a': (0.6, 0.9, 0.4), 'b': (0.5, 0.95, 0.4), 'c': (0.7,)}
    for method, values in accuracies.items():
        for name, value in zip(('SSv2', 'Gym99', 'FX-S1'), values):
            write(tmp_path / method, tool.TESTS[name][0], **{'acc/top1': value})
    charades = {'acc/mean_average_precision': 0.125}
    write(tmp_path / 'a', tool.TESTS['Charades'][0], **charades)
    methods = [f'{name}={tmp_path / name}' for name in accuracies]
    out = tmp_path / 'severe.json'
    assert run_main(tool, monkeypatch, *methods, '--json', out) == 0
    found = json.loads(out.read_text())
    assert found['a']['factors'] == {'domain': 75.0, 'task': 12.5}
    assert found['c']['factors'] == {}  # Gym99 is missing
    ranks = {m: {t: v['rank'] for t, v in own['tests'].items()} for m, own in found.items()}
    assert ranks == {
        'a': {'SSv2': 2, 'Gym99': 2, 'FX-S1': 1, 'Charades': 1},
        'b': {'SSv2': 3, 'Gym99': 1, 'FX-S1': 1},
        'c': {'SSv2': 1},
    }
    assert found['a']['mean_rank'] == 1.5
    # Wilson's interval of 60 of 100: 0.502 to 0.691.
    assert found['a']['tests']['SSv2']['half_width'] == pytest.approx(9.42, abs=0.01)
    assert 'half_width' not in found['a']['tests']['Charades']
    printed = capsys.readouterr().out.splitlines()
    assert printed[2].startswith('| a | 60.0 ± 9.4 (2) | 90.0 ± ')
    assert printed[4].split(' | ')[2:] == [*'----------', '1.0 |']


@pytest.mark.parametrize(
    ('method', 'error', 'message'),
    [
        ('vdim', ValueError, 'expected NAME=FOLDER'),
        ('vdim={}/none', FileNotFoundError, r'has no test of SEVERE'),
        ('vdim={}/other', ValueError, r"has no acc/top1; it has \['acc/mean1'\]"),
    ],
)
def test_what_cannot_be_summarised(tool, tmp_path, monkeypatch, method, error, message):
    write(tmp_path / 'other', tool.TESTS['SSv2'][0], **{'acc/mean1': 0.5})
    with pytest.raises(error, match=message):
        run_main(tool, monkeypatch, method.format(tmp_path))
