"""Write model_zoo.md and model-index.yml from configs/*/metafile.yml, and measured leaderboards.

python tools/analysis/make_model_zoo.py [--root REPOSITORY]

A model of a metafile, in OpenMMLab's format, is a config, named weights, or both. Beside the usual
keys it has `Protocols`, which evaluate the config: task, data set, the protocol's own config, and
under `Paper` the paper's number. `Results` holds what was measured here: the same `Task` and
`Dataset`, `Metrics`, those of a random start under `Random Start` if it was evaluated too, and
`Log`, `Seed`, `List SHA256` (of each list) and `Weights SHA256`, without which a number is refused.
Weights have `Description`, `License`, and if known `Weights Size` and `Weights SHA256`.

docs/figures/leaderboards/*.txt are `leaderboard.md` of tools/leaderboard.py.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from mmengine.fileio import load

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.visualization import markdown_table

INTRODUCTION = """\
# Model zoo

Written by `tools/analysis/make_model_zoo.py` from the files `configs/*/metafile.yml`: edit those.

A number under *measured* comes from a run of this repository, with its log, seed and the hashes of
lists and weights. The numbers under *paper* are the papers' own, from their code and their data;
none of them was measured here.
"""
WEIGHTS = """\
## Weights

```shell
python tools/download.py NAME   # or --list
```

fetches weights into `~/.cache/vsslbox`, or the folder `$VSSLBOX_CACHE`. `zoo://NAME` does the same
wherever a checkpoint is given (`load_from`, `tools/test.py`, `vsslbox.PretrainedBackbone`, ...).
Without internet access, set `$VSSLBOX_ZOO_MIRROR` to a folder with the files of such a cache, or to
its address. If no SHA-256 is published, later files must have that of the first download.
"""
SIDE_BY_SIDE = """\
## Side by side

Methods at the size of a demonstration, pretrained without labels on generated videos. Such networks
and so few videos rank no methods: [leaderboard.md](docs/leaderboard.md) says what the numbers can
tell.

* Moving people and sprites: `bash tools/demo_leaderboard.sh motion OUT` (and `sprites`) makes the
  table; [motion.md](docs/motion.md#what-small-pretrainings-reach) and the
  [demonstrations](configs/demo/README.md) describe them. Each training sees 14 400 videos, in 450
  steps of 32 (masked models 900 of 16). On one of two cores of an AMD EPYC, the other busy too, it
  took 2 minutes (MoCo) to 44 (VDIM) on the sprites, and all 48 of these four hours; on moving
  people 2 to 22 minutes (InfoNCE). The further protocols are of the runs of seed 0, and took an
  hour, on moving people one and a half beside other work; there, SimCLR and MoCo on differences are
  those of 8 frames, every third one. The `results.json` are `docs/figures/leaderboards/NAME.json`,
  to which `vsslbox leaderboard --join` adds further runs.
* What they say: how far each demonstration gets in so few steps, beside random networks and
  histograms that need no training. What they do not say: which method is better. Methods that need
  more steps (BYOL, SwAV, masked models) or other readouts (masked models, an attentive probe) come
  out last; colours and scenes of the sprites are simpler than those of any real video, and a rank
  differs with the figure, see [leaderboard.md](docs/leaderboard.md#what-they-can-say-and-what-not).
* Real clips: 225 of fights and of none, of which none trained, in three divisions into five folds
  of scenes. `_diff` are the runs on moving people, the others those on sprites, three seeds each.
  `vsslbox leaderboard NAME=CHECKPOINT ... --labels label --group scene_group --protocols knn linear
  svm low_shot` took 25 minutes beside other work. Pace prediction alone is above its random network
  after the correction for all pairs, by a linear probe; SimCLR on differences, the best in three
  columns, is not (p = 0.19 by kNN), and is level with histograms of differences.
"""
LEADERBOARDS = {
    'motion': 'Moving people, from cameras that pretraining did not see',
    'motion-further': 'Moving people, by further protocols',
    'sprites': 'Sprites',
    'sprites-further': 'Sprites, by further protocols',
    'scenes': 'Real clips, in folds of scenes',
}
WEIGHTS_HEADER = ('name', 'what', 'backbone', 'data', 'licence', 'MB', 'SHA-256')
HEADER = ('config', 'backbone', 'data', 'epochs', 'protocol', 'paper', 'measured', 'weights')
DESCRIPTION_OF_MODEL = ('Architecture', 'Training Data', 'Epochs')
PROOF = ('Log', 'Seed', 'List SHA256', 'Weights SHA256')
SHORT = {'Top 1 Accuracy': 'top-1', 'Top 5 Accuracy': 'top-5'}


def make_index(metafiles: list[str]) -> str:
    """Return the content of ``model-index.yml``."""
    return '\n'.join(['Import:', *(f'  - {name}' for name in metafiles)]) + '\n'


def read_leaderboards(root: Path) -> dict[str, str]:
    """Return the measured leaderboards of a repository by their titles."""
    folder = root / 'docs' / 'figures' / 'leaderboards'
    return {
        title: (folder / f'{name}.txt').read_text('utf-8') for name, title in LEADERBOARDS.items()
    }


def make_page(contents: list[dict], leaderboards: Mapping[str, str]) -> str:
    """Return the content of ``model_zoo.md``.

    Args:
        contents: The contents of the metafiles.
        leaderboards: Tables by their titles.
    """
    models = [model for content in contents for model in content['Models']]
    names = defaultdict(list)
    for model in models:
        if 'Weights' in model:
            names[model.get('Config')].append(f'`{model["Name"]}`')
    weights = [_weights_row(model) for model in models if 'Weights' in model]
    parts = [INTRODUCTION, WEIGHTS, markdown_table(WEIGHTS_HEADER, weights), SIDE_BY_SIDE]
    parts += [f'### {title}\n\n{table}' for title, table in leaderboards.items()]
    for content in contents:
        parts += _collection(content, names)
    return '\n'.join(parts)


def _collection(content: dict, names: dict[str, list[str]]) -> list[str]:
    """Return the heading and the table of a metafile's recipes, if it has any."""
    (collection,) = content['Collections']
    recipes = [model for model in content['Models'] if _is_recipe(model)]
    if not recipes:
        return []
    rows = [row for model in recipes for row in _recipe_rows(model, names)]
    source = f'[Recipes]({collection["README"]}).\n'
    if 'Paper' in collection:
        paper = collection['Paper']
        source = f'[{paper["Title"]}]({paper["URL"]}); [recipes]({collection["README"]}).\n'
    return [f'## {collection["Name"]}\n', source, markdown_table(HEADER, rows)]


def _is_recipe(model: dict) -> bool:
    """Return whether a model has a row: it is named after its config, or weights with protocols."""
    own = Path(model.get('Config', '')).stem == model['Name']
    return own or ('Weights' in model and 'Protocols' in model)


def _weights_row(model: dict) -> list[str]:
    address = model['Weights']
    size = model.get('Weights Size')
    return [
        f'[`{model["Name"]}`]({address})',
        model['Description'],
        model['Metadata']['Architecture'],
        model['Metadata']['Training Data'],
        model['License'],
        f'{size / 1e6:.1f}' if size else '',
        model.get('Weights SHA256', 'not published'),
    ]


def _recipe_rows(model: dict, names: dict[str, list[str]]) -> list[list[str]]:
    """Return a row for each protocol; the first one describes the model."""
    measured = _measured(model)
    config = [_link(model['Name'], model['Config'])]
    about = config + [str(model['Metadata'].get(key, '')) for key in DESCRIPTION_OF_MODEL]
    own_weights = [f'`{model["Name"]}`'] if 'Weights' in model else names[model['Config']]
    rows = []
    for protocol in model.get('Protocols', [{}]):
        weights = own_weights + names.get(protocol.get('Config', ''), [])
        rows.append([
            *about,
            _protocol(protocol),
            _metrics(protocol.get('Paper', {})),
            measured.pop((protocol.get('Task'), protocol.get('Dataset')), 'not yet'),
            ', '.join(weights),
        ])  # fmt: skip
        about, own_weights = [''] * len(about), []
    if measured:
        raise InputError(f'{model["Name"]} has results without a protocol: {list(measured)}')
    return rows


def _measured(model: dict) -> dict[tuple[str, str], str]:
    """Return the measured numbers by task and data set."""
    cells = {}
    for result in model.get('Results', []):
        lacking = [key for key in PROOF if key not in result]
        if lacking:
            raise InputError(f'a result of {model["Name"]} lacks {", ".join(lacking)}')
        lists = ' '.join(f'`{sha256[:8]}`' for sha256 in result['List SHA256'])
        numbers = _metrics(result['Metrics'])
        if 'Random Start' in result:
            numbers += f'; random start: {_metrics(result["Random Start"])}'
        cells[result['Task'], result['Dataset']] = (
            f'{numbers} ({_link("log", result["Log"])}, seed {result["Seed"]}, '
            f'lists {lists}, weights `{result["Weights SHA256"][:8]}`)'
        )
    return cells


def _protocol(protocol: dict) -> str:
    if not protocol:
        return ''
    text = f'{protocol["Task"]}, {protocol["Dataset"]}'
    return _link(text, protocol['Config']) if 'Config' in protocol else text


def _metrics(metrics: dict[str, float]) -> str:
    return ', '.join(f'{SHORT.get(name, name)} {value:g}' for name, value in metrics.items()) or '-'


def _link(text: str, target: str) -> str:
    return f'[{text}]({target})'


def main() -> None:
    """Write both files."""
    parser = tool_parser(__doc__)
    checkout = Path(__file__).resolve().parents[2]
    parser.add_argument('--root', type=Path, default=checkout, help='the repository')
    root = parser.parse_args().root
    metafiles = sorted(path.relative_to(root) for path in root.glob('configs/*/metafile.yml'))
    contents = [load(root / path) for path in metafiles]
    page = make_page(contents, read_leaderboards(root))
    (root / 'model_zoo.md').write_text(page, 'utf-8')
    (root / 'model-index.yml').write_text(make_index([p.as_posix() for p in metafiles]), 'utf-8')


if __name__ == '__main__':
    run_command(main)
