"""The documentation as a site."""

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.conftest import REPO


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """The folder of the site, built without a warning."""
    if importlib.util.find_spec('mkdocs') is None:
        pytest.skip("mkdocs is not installed: pip install 'vsslbox[docs]'")
    folder = tmp_path_factory.mktemp('site')
    command = [sys.executable, '-W', 'ignore', '-m', 'mkdocs', 'build', '--strict', '-d', folder]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_site_has_every_page_and_the_reference(site):
    pages = {path.relative_to(site).with_suffix('').as_posix() for path in site.rglob('*.html')}
    docs = {path.stem for path in (REPO / 'docs').glob('*.md')}
    assert docs | {'index', 'model_zoo', 'CONTRIBUTING', 'reference/names'} <= pages
    names = (site / 'reference/names.html').read_text()
    assert all(f'<code>{name}</code>' in names for name in ('VCLR', 'ShardDataset', 'HealthHook'))
    losses = (site / 'reference/models.losses.html').read_text()
    assert 'NTXentLoss' in losses
    assert ':func:' not in losses and '.. math::' not in losses


@pytest.mark.slow
def test_the_site_needs_no_network(site):
    for path in (site / 'index.html', site / 'reference/names.html'):
        loaded = re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', path.read_text()
        )
        assert loaded == []
