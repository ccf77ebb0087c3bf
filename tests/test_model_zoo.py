"""The table of weights comes from the metafiles, which name existing files."""

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from mmengine.config.utils import _get_cfg_metainfo

from vsslbox.checkpoints.zoo import zoo_entries

REPO = Path(__file__).resolve().parents[1]
CONTENTS = {
    path.relative_to(REPO).as_posix(): yaml.safe_load(path.read_text())
    for path in sorted(REPO.glob('configs/*/metafile.yml'))
}
MODELS = [model for content in CONTENTS.values() for model in content['Models']]
PROTOCOLS = [protocol for model in MODELS for protocol in model.get('Protocols', [])]
KEYS = {'Name', 'In Collection', 'Config', 'Metadata', 'Protocols', 'Results', 'Weights',
        'Weights Size', 'Weights SHA256', 'Description', 'License'}  # fmt: skip
RESULT = dict(
    {'Task': 'Fine-tuning', 'Dataset': 'UCF101', 'Metrics': {'Top 1 Accuracy': 71.25}},
    **{'Log': 'logs/a.json', 'Seed': 3, 'List SHA256': ['a' * 64], 'Weights SHA256': 'b' * 64},
)


@pytest.fixture(scope='module')
def tool():
    path = REPO / 'tools' / 'analysis' / 'make_model_zoo.py'
    spec = importlib.util.spec_from_file_location('make_model_zoo', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_up_to_date(tool):
    """After a change of a metafile run tools/analysis/make_model_zoo.py."""
    assert (REPO / 'model-index.yml').read_text() == tool.make_index(list(CONTENTS))
    page = tool.make_page(list(CONTENTS.values()), tool.read_leaderboards(REPO))
    assert (REPO / 'model_zoo.md').read_text() == page


def test_names_are_unique():
    assert [name for name, n in Counter(model['Name'] for model in MODELS).items() if n > 1] == []


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_an_entry_is_complete(model):
    assert model.keys() <= KEYS
    assert {'Architecture', 'Training Data'} <= model['Metadata'].keys()
    if 'Config' not in model or Path(model['Config']).stem != model['Name']:
        assert {'Weights', 'License', 'Description'} <= model.keys()
    weights = model.get('Weights')
    if weights is not None and '://' not in weights:
        assert re.fullmatch(r'[0-9a-f]{64}', model['Weights SHA256'])
        assert f'-{model["Weights SHA256"][:8]}.' in weights
        assert (REPO / weights).stat().st_size == model['Weights Size']
    epochs = re.search(r'-(\d+)e_', Path(model.get('Config', '')).stem)
    if epochs and 'Epochs' in model['Metadata']:
        assert model['Metadata']['Epochs'] == int(epochs[1])


@pytest.mark.parametrize('path', CONTENTS)
def test_a_metafile_has_one_collection_with_a_page(path):
    (collection,) = CONTENTS[path]['Collections']
    assert {model['In Collection'] for model in CONTENTS[path]['Models']} == {collection['Name']}
    assert (REPO / collection['README']).is_file()


def named_configs() -> set[str]:
    return {entry['Config'] for entry in [*MODELS, *PROTOCOLS] if 'Config' in entry}


def test_named_configs_exist():
    assert [name for name in sorted(named_configs()) if not (REPO / name).is_file()] == []


def test_every_recipe_and_protocol_is_in_the_table():
    """Except ablations without a paper's number; split 1 stands for all splits of a protocol."""
    left_out = re.compile(r'configs/(_base_|demo|\w+/ablations)/')
    configs = [path.relative_to(REPO).as_posix() for path in REPO.glob('configs/**/*.py')]
    wanted = {re.sub(r'split\d', 'split1', n) for n in configs if not left_out.match(n)}
    assert sorted(wanted - named_configs()) == []


def test_openmmlab_finds_the_entry_of_a_config(tmp_path):
    (tmp_path / '.mim').symlink_to(REPO)
    name = 'vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py'
    with pytest.warns(UserWarning, match='There is not `Config`'):  # weights without a config here
        entry = _get_cfg_metainfo(str(tmp_path), name)
    assert entry['Name'] == Path(name).stem
    assert entry['Metadata']['Epochs'] == 400


def test_published_weights_have_names():
    entries = zoo_entries()
    assert len(entries) >= 16
    for name in ('vclr_r50_k400', 'moco_v2_r50_imagenet', 'vclr_bmn_activitynet'):
        assert 'CC-BY-NC' in entries[name].license
        assert entries[name].file_name.startswith(f'{name}.pth')


def test_the_readme_has_the_measured_numbers():
    """Of kNN, beside those of the random initialisations."""
    readme = (REPO / 'README.md').read_text()
    pattern = r'^\| \[(\w+)\].* \| (\S+) \((\S+)\) \| (\S+) \((\S+)\) \|$'
    rows = {row[0]: [*map(float, row[1:])] for row in re.findall(pattern, readme, re.MULTILINE)}
    found = {}
    for model in MODELS:
        for result in model.get('Results', []):
            if model['Name'].endswith('_demo2400') and result['Task'] == 'kNN':
                method = re.split('[-_]', model['Name'])[0].upper()
                found[method] = [
                    result[of][f'top-1 {label}']
                    for label in ('appearance', 'motion')
                    for of in ('Metrics', 'Random Start')
                ]
    assert len(found) == 4
    assert rows == found


def toy(**keys) -> list[dict]:
    protocol = dict(Task='Fine-tuning', Dataset='UCF101', Paper={'Top 1 Accuracy': 70.5})
    model = dict(
        {'Name': 'toy', 'Config': 'configs/toy/toy.py', 'Protocols': [protocol]},
        Metadata={'Architecture': 'ResNet-18', 'Training Data': 'UCF101', 'Epochs': 5},
        **keys,
    )
    paper = dict(Title='A paper', URL='https://paper.invalid')
    collection = dict(Name='Toy', README='configs/toy/README.md', Paper=paper)
    return [dict(Collections=[collection], Models=[model])]


def row_of(page: str) -> list[str]:
    (row,) = [line for line in page.splitlines() if line.startswith('| [toy](configs')]
    return row.strip('| ').split(' | ')


def test_paper_and_measurement_have_their_own_columns(tool):
    row = row_of(tool.make_page(toy(), {}) + 'weights')
    assert row[4:7] == ['Fine-tuning, UCF101', 'top-1 70.5', 'not yet']
    row = row_of(tool.make_page(toy(Results=[RESULT]), {}))
    assert row[5:7] == [
        'top-1 70.5',
        'top-1 71.25 ([log](logs/a.json), seed 3, lists `aaaaaaaa`, weights `bbbbbbbb`)',
    ]


@pytest.mark.parametrize('key', ['Log', 'Seed', 'List SHA256', 'Weights SHA256'])
def test_a_measurement_without_its_proof_is_refused(tool, key):
    result = {name: value for name, value in RESULT.items() if name != key}
    with pytest.raises(ValueError, match=f'a result of toy lacks {key}'):
        tool.make_page(toy(Results=[result]), {})


def test_a_measurement_without_a_protocol_is_refused(tool):
    with pytest.raises(ValueError, match='toy has results without a protocol'):
        tool.make_page(toy(Results=[dict(RESULT, Dataset='HMDB51')]), {})


def test_weights_are_in_the_row_of_their_config(tool):
    weights = dict(
        {'Weights': 'weights/toy-12345678.pth', 'Weights SHA256': '12345678', 'Weights Size': 25e5},
        Description='our run',
        License='Apache-2.0',
    )
    page = tool.make_page(toy(**weights), {})
    assert row_of(page)[7] == '`toy`'
    assert (
        '| [`toy`](weights/toy-12345678.pth) | our run | ResNet-18 | UCF101 | Apache-2.0 | 2.5 | '
        '12345678 |'
    ) in page
