"""Weights by name come from the publisher, a mirror or the repository, and fill any model."""

import hashlib
import importlib.util
import json
import os
import sys
import threading
from pathlib import Path

import mmaction
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint as load_by_mmengine
from torch import nn

from vsslbox.apis.command_line import build_runner, run_command
from vsslbox.checkpoints import PretrainedBackbone, zoo
from vsslbox.checkpoints.download import DownloadError
from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint, load_weights
from vsslbox.checkpoints.zoo import ZooError, fetch, local_path, zoo_entries
from vsslbox.registry import MODELS
from vsslbox.utils import file_sha256

REPO = Path(__file__).resolve().parents[2]
STOCK_CONFIGS = Path(mmaction.__file__).parent / '.mim' / 'configs' / '_base_' / 'models'
CONTENT = b'weights' * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Zoo:
    """A repository with a metafile, a publisher's folder, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / 'repository'
        self.publisher = folder / 'publisher'
        self.cache = folder / 'cache'
        self.models = []
        for made in (self.root / 'configs' / 'toy', self.publisher):
            made.mkdir(parents=True)
        (self.root / 'model-index.yml').write_text('Import: [configs/toy/metafile.yml]')

    def add(self, name: str, content: bytes | dict = CONTENT, path: str = 'a.pth', **keys) -> None:
        """Publish weights under a name; a dict is saved by torch."""
        source = self.publisher / path
        if isinstance(content, dict):
            torch.save(content, source)
        else:
            source.write_bytes(content)
        self.enter(name, source.as_uri(), **keys)

    def enter(self, name: str, weights: str, **keys) -> None:
        """Put weights into the metafile."""
        keys = {key.replace('_', ' '): value for key, value in keys.items()}
        model = dict(Name=name, Weights=weights, License='a licence', Description='a toy', **keys)
        self.models.append(model)
        metafile = self.root / 'configs' / 'toy' / 'metafile.yml'
        metafile.write_text(yaml.safe_dump(dict(Models=self.models)))

    def files(self) -> list[str]:
        """The files in the cache, except the locks."""
        return sorted(p.name for p in self.cache.glob('*') if p.suffix != '.lock')


@pytest.fixture
def toys(tmp_path, monkeypatch) -> Zoo:
    toys = Zoo(tmp_path)
    monkeypatch.setattr(zoo, 'ROOT', toys.root)
    monkeypatch.setenv('VSSLBOX_CACHE', str(toys.cache))
    monkeypatch.delenv('VSSLBOX_ZOO_MIRROR', raising=False)
    return toys


def test_a_path_is_itself():
    assert local_path('a/b.pth') == local_path(Path('a/b.pth')) == Path('a/b.pth')


def test_a_published_hash_is_checked_and_the_licence_shown(toys, capsys):
    toys.add('toy', Weights_SHA256=SHA256, Weights_Size=len(CONTENT))
    path = fetch('toy')
    assert path == toys.cache / 'toy.pth' == local_path('zoo://toy')
    assert path.read_bytes() == CONTENT
    assert toys.files() == ['toy.pth']
    printed = capsys.readouterr().err
    assert printed.count('licence: a licence') == 1  # the second time nothing is fetched
    assert 'no SHA-256' not in printed


@pytest.mark.parametrize(
    ('keys', 'message'),
    [
        (dict(Weights_SHA256='0' * 64), f'its SHA-256 is {SHA256}, not 0000'),
        (dict(Weights_Size=6999), '7000 bytes, not the expected 6999'),
    ],
)
def test_a_wrong_file_is_not_kept(toys, keys, message):
    toys.add('toy', **keys)
    with pytest.raises(DownloadError, match=message):
        fetch('toy')
    assert toys.files() == []


def test_a_name_without_its_scheme_is_recognized(toys):
    toys.add('toy')
    with pytest.raises(CheckpointError, match='no checkpoint at toy; give zoo://toy for the weig'):
        load_checkpoint('toy')


def test_the_message_says_what_to_do_without_access(toys, monkeypatch, tmp_path):
    toys.add('toy')
    (toys.publisher / 'a.pth').unlink()
    with pytest.raises(DownloadError, match=f'put the file at {toys.cache}/toy.pth, or set VSS'):
        fetch('toy')
    monkeypatch.setenv('VSSLBOX_ZOO_MIRROR', str(tmp_path / 'mirror'))
    with pytest.raises(DownloadError, match=r'mirror: the file must be there as toy\.pth'):
        fetch('toy')


def test_without_a_published_hash_that_of_the_first_download_counts(toys, capsys):
    toys.add('toy')
    fetch('toy')
    message = f'no SHA-256 of toy is published: later files must have the current one, {SHA256}, '
    assert message in capsys.readouterr().err
    assert (toys.cache / 'toy.pth.sha256').read_text() == f'{SHA256}  toy.pth\n'
    (toys.cache / 'toy.pth').unlink()
    assert fetch('toy').read_bytes() == CONTENT
    (toys.cache / 'toy.pth').unlink()
    (toys.publisher / 'a.pth').write_bytes(b'replaced')
    with pytest.raises(DownloadError, match=f'is not the right file: .*, not {SHA256}'):
        fetch('toy')
    assert toys.files() == ['toy.pth.sha256']


@pytest.mark.parametrize(
    'record', [f'{SHA256.upper()} *toy.pth\r\n', '', 'hello', '\xff', f'{SHA256}0']
)
def test_a_record_of_another_tool_is_read_or_refused(toys, record):
    toys.add('toy')
    fetch('toy')
    (toys.cache / 'toy.pth.sha256').write_bytes(record.encode('latin-1'))
    if record.startswith(SHA256.upper()):
        assert fetch('toy').read_bytes() == CONTENT
    else:
        with pytest.raises(ZooError, match=r'toy\.pth\.sha256 holds no SHA-256 in .*: delete it'):
            fetch('toy')


def test_a_page_instead_of_the_file_is_not_recorded(toys):
    toys.add('toy', b'<html>', 'login.html')
    with pytest.raises(DownloadError, match=r'login\.html is a page, not a file'):
        fetch('toy')
    assert toys.files() == []


@pytest.mark.parametrize('variable', ['VSSLBOX_CACHE', 'VSSLBOX_ZOO_MIRROR'])
def test_a_folder_of_an_unknown_user_is_reported(toys, monkeypatch, variable):
    toys.add('toy')
    monkeypatch.setenv(variable, '~nobody-by-this-name/weights')
    with pytest.raises(ZooError, match=f'set {variable} to the full path of a folder'):
        fetch('toy')


def test_a_file_put_into_the_cache_by_hand_is_used(toys):
    toys.enter('toy', 'https://publisher.invalid/toy.pth.tar')
    toys.cache.mkdir()
    (toys.cache / 'toy.pth.tar').write_bytes(CONTENT)
    assert fetch('toy').read_bytes() == CONTENT
    assert toys.files() == ['toy.pth.tar', 'toy.pth.tar.sha256']


def test_a_file_damaged_in_the_cache_is_fetched_again(toys):
    toys.add('toy')
    fetch('toy').write_bytes(b'damaged')
    assert fetch('toy').read_bytes() == CONTENT


def test_a_complete_file_needs_no_write_access(toys):
    toys.add('toy')
    fetch('toy')
    (toys.cache / 'toy.pth.lock').unlink()
    fetch('toy')
    assert not (toys.cache / 'toy.pth.lock').exists()


def test_of_several_processes_one_fetches(toys, capsys):
    toys.add('toy')
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch('toy'))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [toys.cache / 'toy.pth'] * 4
    assert capsys.readouterr().err.count('licence:') == 1


@pytest.mark.parametrize('as_address', [False, True])
def test_a_mirror_is_a_copy_of_a_cache(toys, monkeypatch, tmp_path, as_address):
    toys.add('toy')
    toys.enter('other', 'https://publisher.invalid/other.pth')
    fetch('toy')
    mirror = toys.cache.rename(tmp_path / 'mirror')
    (toys.publisher / 'a.pth').unlink()
    monkeypatch.setenv('VSSLBOX_ZOO_MIRROR', mirror.as_uri() + '/' if as_address else str(mirror))
    assert fetch('toy').read_bytes() == CONTENT
    # The publisher isn't asked, even if the mirror lacks the file.
    with pytest.raises(DownloadError, match=r'mirror/other\.pth: .*No such file'):
        fetch('other')


def test_weights_in_the_repository_are_used_where_they_are(toys, monkeypatch, tmp_path):
    toys.enter('own', 'weights/own-12345678.pth', Weights_SHA256=SHA256)
    path = toys.root / 'weights' / 'own-12345678.pth'
    with pytest.raises(ZooError, match=r'which this installation lacks: .* has them as own\.pth'):
        fetch('own')
    assert toys.files() == []
    mirror = tmp_path / 'mirror'
    mirror.mkdir()
    (mirror / 'own.pth').write_bytes(CONTENT)
    with monkeypatch.context() as context:
        context.setenv('VSSLBOX_ZOO_MIRROR', str(mirror))
        assert fetch('own') == toys.cache / 'own.pth'
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert fetch('own') == path
    path.write_bytes(b'changed')
    with pytest.raises(ZooError, match=r'own-12345678\.pth is not the published file of own'):
        fetch('own')
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_unknown_name_is_answered_by_the_nearest(toys):
    toys.add('vclr_r50_k400')
    with pytest.raises(ZooError, match=r"no weights 'vclr_k400'; did you mean 'vclr_r50_k400'\?"):
        load_checkpoint('zoo://vclr_k400')


def test_an_installation_without_the_list_says_so(toys):
    (toys.root / 'model-index.yml').unlink()
    with pytest.raises(ZooError, match=r'model-index\.yml: this installation .* is incomplete'):
        zoo_entries()


def test_a_file_that_torch_cannot_read_is_fetched_but_not_loaded(toys):
    toys.add('tensorflow', path='a.tar.gz')
    with pytest.raises(ZooError, match=r'cannot read zoo://tensorflow \(a toy\): fetch it with'):
        load_checkpoint('zoo://tensorflow')
    assert toys.files() == []
    assert fetch('tensorflow').name == 'tensorflow.tar.gz'


class Malicious:
    """Creates a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ('was_here',)


def test_code_in_published_weights_is_not_run(toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    toys.add('bad', dict(state_dict=Malicious()))
    for load in (load_checkpoint, lambda name: load_by_mmengine(nn.Linear(1, 1), name)):
        with pytest.raises(CheckpointError, match=r'bad\.pth is refused because it holds'):
            load('zoo://bad')
    assert not Path('was_here').exists()


# Into models.


def weights_of(module: nn.Module, prefix: str = '') -> dict:
    """Different values for every weight, with which a deep network's features stay finite."""
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            fan_in = tensor[0].numel() if tensor.ndim > 1 else 1
            weights[prefix + name] = (torch.rand(tensor.shape, generator=generator) + 0.5) / fan_in
    return weights


@pytest.fixture
def resnet(toys) -> dict:
    """The weights of a ResNet-18 in the zoo, as mmaction2 names them."""
    backbone = MODELS.build(dict(type='mmaction.ResNet', depth=18))
    weights = weights_of(backbone)
    published = {f'backbone.{name}': value for name, value in weights.items()}
    toys.add('resnet18', dict(state_dict=published))
    return weights


def stock_model(name: str, depth: int = 18, **backbone) -> nn.Module:
    """A recognizer from mmaction2's own config, but with a ResNet-18."""
    config = Config.fromfile(STOCK_CONFIGS / f'{name}.py').model
    config.backbone.update(depth=depth, pretrained=None, **backbone)
    config.cls_head.update(in_channels=512)
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(config)
        model.init_weights()
    return model


@pytest.mark.parametrize(('name', 'keys'), [('tsn_r50', {}), ('tsm_r50', dict(pretrained2d=False))])
def test_into_a_stock_2d_config(resnet, name, keys):
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint='zoo://resnet18')
    state = stock_model(name, init_cfg=start, **keys).backbone.state_dict()
    found = {key.replace('.net.', '.'): value for key, value in state.items()}
    assert all(torch.equal(found[key], value) for key, value in resnet.items())


@pytest.mark.slow
def test_into_a_stock_slowonly_config(resnet, toys):
    model = stock_model('slowonly_r50')
    PretrainedBackbone('zoo://resnet18', inflate=True)(model)
    state = model.backbone.state_dict()
    kernels = {key: value for key, value in resnet.items() if value.ndim == 4}
    assert len(kernels) == 20
    for key, kernel in kernels.items():
        torch.testing.assert_close(state[key].sum(dim=2), kernel)
    # And its own weights by mmengine's loader, as `load_from` of a stock runner does it.
    toys.add('slowonly', dict(state_dict=weights_of(model)), 'slowonly.pth')
    load_by_mmengine(model, 'zoo://slowonly')
    expected = weights_of(model)
    assert all(torch.equal(model.state_dict()[key], value) for key, value in expected.items())


@pytest.mark.slow
def test_into_a_vsslbox_config_by_load_from(toys, video_folder, tmp_path):
    config = Config.fromfile(REPO / 'configs' / 'demo' / 'retrieval_r18w16_64px.py')
    extractor = MODELS.build(dict(config.model, type='vsslbox.FeatureExtractor'))
    weights = weights_of(extractor)
    toys.add('demo', dict(state_dict=weights))
    rows = [f'video{i}.mp4,{"train" if i < 4 else "test"},{i % 2},0,{i % 2}' for i in range(8)]
    videos = tmp_path / 'videos.csv'
    videos.write_text('\n'.join(['path,split,appearance,motion,joint', *rows]))
    for loader in (config.test_dataloader, config.test_cfg.gallery_dataloader):
        loader.num_workers = 0
        loader.dataset.update(data_root=str(video_folder), ann_file=str(videos))
    config.update(launcher='none', work_dir=str(tmp_path / 'work'), load_from='zoo://demo')
    runner = build_runner(config)
    runner.test()
    state = runner.model.state_dict()
    assert all(torch.equal(state[key], value) for key, value in weights.items())
    record = json.loads((tmp_path / 'work' / 'metrics.json').read_text())
    assert record['checkpoint'] == 'zoo://demo'
    assert record['checkpoint_sha256'] == file_sha256(toys.publisher / 'a.pth')


def test_into_plain_torch(resnet):
    model = nn.Sequential()  # named as torchvision's; stem and classifier will do
    model.conv1, model.bn1 = nn.Conv2d(3, 64, 7, bias=False), nn.BatchNorm2d(64)
    model.fc = nn.Linear(512, 5)
    load_weights(model, 'zoo://resnet18', allow_missing='fc.')
    assert torch.equal(model.conv1.weight, resnet['conv1.conv.weight'])
    assert torch.equal(model.bn1.running_var, resnet['conv1.bn.running_var'])


# The tool.


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('download', REPO / 'tools' / 'download.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tool_fetches_and_lists(tool, toys, monkeypatch, capsys):
    toys.add('first')
    toys.add('second', path='b.pth')
    monkeypatch.setattr(sys, 'argv', ['download.py', 'first'])
    tool.main()
    assert capsys.readouterr().out == f'{toys.cache}/first.pth\n'
    monkeypatch.setattr(sys, 'argv', ['download.py', '--list'])
    tool.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ['first (here)', '    a toy', '    licence: a licence']
    assert lines[3] == 'second (not here yet)'


def test_the_tool_ends_with_one_message(tool, toys, monkeypatch, capsys):
    toys.enter('gone', (toys.publisher / 'gone.pth').as_uri())
    monkeypatch.setattr(sys, 'argv', ['download.py', 'gone'])
    with pytest.raises(SystemExit):
        run_command(tool.main)
    assert 'error: file://' in capsys.readouterr().err
    assert toys.files() == []


@pytest.mark.parametrize('arguments', [[], ['--list', 'toy']])
def test_the_tool_needs_names_or_the_option_list(tool, monkeypatch, capsys, arguments):
    monkeypatch.setattr(sys, 'argv', ['download.py', *arguments])
    with pytest.raises(SystemExit):
        tool.main()
    assert 'give names, or --list to print all' in capsys.readouterr().err
