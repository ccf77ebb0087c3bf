"""The wheel that pip builds from the repository."""

import json
import os
import sys
from pathlib import Path

import pytest
from mmengine.registry import Registry

import vsslbox.registry
from tests.conftest import REPO
from tests.wheel import build_wheel, files_below, run

# Run outside the repository: prints the path of vsslbox, and the names in its registries.
LIST_COMPONENTS = """
import json
import vsslbox.registry

names = {}
for kind in vsslbox.registry.__all__:
    registry = getattr(vsslbox.registry, kind)
    registry.import_from_location()
    components = registry.module_dict.items()
    names[kind] = sorted(n for n, c in components if c.__module__.startswith('vsslbox.'))
print(json.dumps(dict(file=vsslbox.__file__, names=names)))
"""


def own_components(registry: Registry) -> list[str]:
    """Return the names that vsslbox registers, without those of other tests."""
    registry.import_from_location()
    components = registry.module_dict.items()
    return sorted(name for name, item in components if item.__module__.startswith('vsslbox.'))


@pytest.fixture(scope='module')
def site_packages(tmp_path_factory) -> Path:
    """A folder into which pip installed the wheel, built from a clean copy."""
    wheel = build_wheel(tmp_path_factory.mktemp('wheel'))
    target = tmp_path_factory.mktemp('site-packages')
    run(sys.executable, '-m', 'pip', 'install', '--no-deps', '--target', target, wheel)
    return target


@pytest.fixture
def outside(site_packages, tmp_path) -> dict:
    """Options of a subprocess that imports the wheel and not the checkout."""
    return dict(cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(site_packages)})


@pytest.mark.slow
def test_the_registries_of_the_wheel_hold_what_the_checkout_has(outside, site_packages):
    printed = run(sys.executable, '-W', 'ignore', '-c', LIST_COMPONENTS, **outside)
    found = json.loads(printed.splitlines()[-1])
    assert found['file'] == str(site_packages / 'vsslbox' / '__init__.py')
    assert 'VCLR' in found['names']['MODELS']
    for kind in vsslbox.registry.__all__:
        assert found['names'][kind] == own_components(getattr(vsslbox.registry, kind)), kind


@pytest.mark.slow
@pytest.mark.parametrize('folder', ['configs', 'tools'])
def test_the_wheel_ships_configs_and_tools(site_packages, folder):
    shipped = site_packages / 'vsslbox' / '.mim' / folder
    names = {
        path.relative_to(shipped).as_posix()
        for path in shipped.rglob('*')
        if path.is_file() and path.suffix != '.pyc'  # pip compiles what it installs
    }
    assert names == files_below(REPO / folder)


@pytest.mark.slow
def test_the_shipped_tools_run(outside, site_packages):
    tool = site_packages / 'vsslbox' / '.mim' / 'tools' / 'train.py'
    assert '--work-dir' in run(sys.executable, str(tool), '--help', **outside)


@pytest.mark.slow
def test_the_command_finds_the_shipped_configs(outside, site_packages):
    name = 'vclr_r18w16_1xb32-3seg-64px'
    script = str(site_packages / 'bin' / 'vsslbox')
    printed = run(sys.executable, script, 'config', f'configs/demo/{name}.py', **outside)
    assert run(sys.executable, '-m', 'vsslbox', 'config', name, **outside) == printed
    assert "type='VCLR'" in printed


@pytest.mark.slow
def test_the_wheel_holds_nothing_else(site_packages):
    (metadata,) = site_packages.glob('*.dist-info')
    assert {path.name for path in site_packages.iterdir()} == {'bin', 'vsslbox', metadata.name}
    assert metadata.name == f'vsslbox-{vsslbox.__version__}.dist-info'


def test_every_folder_of_python_files_is_a_package():
    folders = {path.parent for path in (REPO / 'vsslbox').rglob('*.py')}
    assert [folder for folder in folders if not (folder / '__init__.py').is_file()] == []
