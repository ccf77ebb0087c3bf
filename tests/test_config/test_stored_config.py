"""The config in a checkpoint is data."""

import pytest
from mmengine.config import Config

from tests.conftest import REPO
from vsslbox.config import ConfigError, read_stored_config


@pytest.mark.parametrize(
    'path', sorted((REPO / 'configs' / 'demo').glob('*.py')), ids=lambda path: path.stem
)
def test_what_a_runner_stores_is_read_as_it_was(path):
    config = Config.fromfile(path)
    assert read_stored_config(config.pretty_text, 'x.pth').to_dict() == config.to_dict()


def test_all_literals_are_read():
    text = "a = dict(b=[-1, 2.5, None], c=(True, 'x'), d={'e f': {1}})\ng = inf\nh = -inf\n"
    assert read_stored_config(text, 'x.pth').to_dict() == dict(
        a=dict(b=[-1, 2.5, None], c=(True, 'x'), d={'e f': {1}}),
        g=float('inf'),
        h=-float('inf'),
    )


@pytest.mark.parametrize(
    'text',
    [
        "open('was_here', 'w')",
        "model = dict(type=open('was_here', 'w'))",
        "import os\nos.system('touch was_here')",
        "model = [open('was_here', 'w') for _ in range(1)]",
        "a = dict(**{'b': open('was_here', 'w')})",
        "model.a = open('was_here', 'w')",
        'f\'{open("was_here", "w")}\'',
    ],
)
def test_code_is_refused(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r'the config in x\.pth is not plain text: line'):
        read_stored_config(text, 'x.pth')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'type_',
    [
        'subprocess.Popen',
        'shutil.rmtree',
        'mmengine.fileio.remove',
        'vsslbox.compat.torch.load',
        'antigravity',
        'torchvision.io.write_file',
    ],
)
def test_what_no_registry_holds_is_refused(type_):
    text = f"model = dict(backbone=[dict(type='{type_}', path='x')])"
    with pytest.raises(ConfigError, match=rf"names '{type_}' at model\.backbone\.0, which is no"):
        read_stored_config(text, 'x.pth')


def test_registered_names_of_any_form_are_accepted():
    types = ('VCLR', 'vsslbox.VCLR', 'mmaction.ResNet', 'torchvision.resnet50', 'AvgConsensus')
    types += ('torch.optim.sgd.SGD', 'mmengine.optim.optimizer.optimizer_wrapper.OptimWrapper')
    for type_ in types:
        read_stored_config(f"model = dict(type='{type_}')", 'x.pth')
