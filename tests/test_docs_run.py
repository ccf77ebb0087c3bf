"""The commands and the code of the documentation run as they stand there, in a short form."""

import re
import shutil

import pytest

from tests.pages import Walk, blocks_of, is_excused, make_world, pieces_of
from tests.test_docs import PAGES

# Recipes of papers and the preparation of data sets are not run: their README files are left out.
RUN = [page for page in PAGES if not re.match(r'configs/|tools/', page) and blocks_of(page)]
# Patterns of commands, and of Python blocks, that are not run, and why.
EXCUSED = {
    r'^git clone ': 'the network; what follows in the block are the two scripts',
    r'^cd vsslbox': 'belongs to git clone',
    r'^bash tools/(demo|run_tests)\.sh': 'the script that runs these tests, and the demonstration',
    r'^pip install ': 'the network; tests/test_whole_road.py installs the wheel',
    r'dist_train\.sh ': 'several processes; tests/test_launch_scripts.py starts them',
    r'^python -m torch\.distributed\.run': 'several processes; test_extract_features.py has two',
    r'^python -m pytest ': 'tests of this suite',
    r'^(python|bash) tools/benchmark/': 'figures that take long; tests/test_tools runs them small',
    r'^tensorboard ': 'a server',
    r' --gpus 1 ': 'a GPU and a cluster',
    r'prepare\.py ': 'data sets; tests/test_tools/test_prepare_datasets.py has stand-ins',
    r'import_weights\.py ': 'weights of other projects; tests/test_weights.py has stand-ins',
    r'zoo://(videomae|vjepa2|vclr_r50|r50_im|byol_slow|tsn_r50)': 'weights that are downloaded',
    r'download\.py \w': 'weights that are downloaded',
    r'data/(ucf101|kinetics400)\b|activitynet-feature': 'data sets that are not at hand',
    r'snippet_features\.py ': 'a network with class scores; test_localization.py has one',
    r'^vsslbox sweep ': 'many trainings; tests/test_tools/test_sweep.py has small ones',
    r'^bash tools/demo_leaderboard\.sh ': 'many trainings; test_launch_scripts.py has its commands',
    r'annotate_features\.py ': 'the annotations of ActivityNet',
}
# What a newcomer meets first; the others run with `-m slow`.
FIRST = ['README.md', 'docs/export.md', 'docs/extending.md', 'docs/pretraining.md']
FIRST += ['docs/search.md']


def marked(page: str):
    marks = [pytest.mark.slow] if page in FIRST else [pytest.mark.slow, pytest.mark.full]
    return pytest.param(page, marks=marks)


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp('world')
    make_world(folder)
    return folder


@pytest.mark.parametrize('page', [marked(page) for page in RUN])
def test_every_block_of_a_page_runs_or_is_excused(page, world, tmp_path):
    folder = tmp_path / 'page'
    shutil.copytree(world, folder, symlinks=True)
    Walk(page, folder, EXCUSED).run()


def test_every_exception_is_one_of_a_block():
    pieces = [piece for page in RUN for piece in pieces_of(page)]
    unused = [name for name in EXCUSED if not any(is_excused(piece, [name]) for piece in pieces)]
    assert unused == []
