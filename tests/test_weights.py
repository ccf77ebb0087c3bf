"""The weights in the repository are complete, small, and as good as their report cards say."""

import json
from pathlib import Path

import pytest
import yaml

from tests.tools import run_tool
from vsslbox.checkpoints.zoo import fetch, zoo_entries

REPO = Path(__file__).resolve().parents[1]
MODELS = yaml.safe_load((REPO / 'configs/demo/metafile.yml').read_text())['Models']
RECIPES = {model['Config']: model for model in MODELS if 'Results' in model}
WEIGHTS = {model['Name']: model for model in MODELS if 'Weights' in model}
# task -> protocol, metric, and its name in the table
PROTOCOLS = {
    'Retrieval': ('retrieval', 'R@1', 'R@1'),
    'kNN': ('knn', 'top1', 'top-1'),
    'Linear probe': ('linear', 'top1', 'top-1'),
}
LABELS = ('appearance', 'motion', 'joint')


def results_of(name: str) -> list[dict]:
    return RECIPES[WEIGHTS[name]['Config']]['Results']


def test_all_four_methods_are_there():
    assert {'cvrl', 'vclr', 'vdim', 'vie'} <= {name.split('_')[0] for name in WEIGHTS}
    assert {name for name, entry in zoo_entries().items() if entry.is_in_repository} == set(WEIGHTS)


def test_the_folder_is_small():
    files = [path for path in (REPO / 'weights').rglob('*') if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20e6


@pytest.mark.parametrize('name', WEIGHTS)
def test_the_file_is_the_published_one(name):
    assert fetch(name) == REPO / WEIGHTS[name]['Weights']


@pytest.mark.parametrize('name', WEIGHTS)
def test_results_are_those_of_the_report_card(name):
    runs = json.loads((REPO / 'weights' / name / 'report.json').read_text())['runs']
    evaluated = {'Metrics': runs['checkpoint'], 'Random Start': runs['random0']}
    results = results_of(name)
    assert [result['Task'] for result in results] == list(PROTOCOLS)
    for result in results:
        protocol, metric, shown = PROTOCOLS[result['Task']]
        for key, run in evaluated.items():
            numbers = {label: run['metrics'][f'{protocol}/{label}/{metric}'] for label in LABELS}
            assert result[key] == {f'{shown} {label}': round(n, 1) for label, n in numbers.items()}
        assert result['Weights SHA256'] == WEIGHTS[name]['Weights SHA256']
        assert result['Weights SHA256'] == evaluated['Metrics']['checkpoint_sha256']
        assert (REPO / result['Log']).is_file()


@pytest.mark.parametrize('name', WEIGHTS)
def test_they_beat_a_random_start_under_each_protocol(name):
    for result in results_of(name):
        gains = [result['Metrics'][key] - start for key, start in result['Random Start'].items()]
        assert min(gains) > 0 and max(gains) > 10, result['Task']


def run(tool: str, *arguments: str) -> None:
    done = run_tool(tool, *arguments)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_first_evaluation_of_the_readme(tmp_path):
    videos, config = str(tmp_path / 'fresh'), 'configs/demo/retrieval_r18w16_64px.py'
    run('data/make_demo_videos.py', videos, '--videos', '96', '--seed', '1')
    where = ['--data-root', videos, '--work-dir', str(tmp_path / 'work')]
    run('evaluate.py', 'zoo://vclr_r18w16_demo', '--config', config, *where)
    runs = json.loads((tmp_path / 'work' / 'report.json').read_text())['runs']
    values = {name: run['metrics']['knn/appearance/top1'] for name, run in runs.items()}
    assert values['checkpoint'] > 90 > 60 > values['random0']
