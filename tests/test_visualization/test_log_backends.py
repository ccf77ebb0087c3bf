"""Further logs beside the JSON log, by the options of docs/visualization.md."""

import argparse
import json
import re

import pytest
from mmengine.config import Config
from mmengine.registry import VISBACKENDS, VISUALIZERS
from mmengine.visualization import BaseVisBackend

from tests.conftest import REPO
from vsslbox.apis.command_line import OptionsAction
from vsslbox.config import check_config, replace_values

DEMO = REPO / 'configs' / 'demo' / 'vclr_r18w16_1xb32-3seg-64px.py'
PAGE = (REPO / 'docs' / 'visualization.md').read_text('utf-8')
WANDB = 'dict(type="WandbVisBackend", init_kwargs=dict(project="my-project"))'


def with_options(*options):
    """Return the demonstration's config with the options of a command line, checked."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    config = Config.fromfile(DEMO)
    config.work_dir = 'unused'
    replace_values(config, parser.parse_args(['--cfg-options', *options]).cfg_options)
    check_config(config)
    return config


def test_tensorboard_has_the_values_of_the_json_log(tmp_path):
    pytest.importorskip('tensorboard', reason='tensorboard is not installed')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (option,) = re.findall(r"'(visualizer\.vis_backends=\[.*Tensorboard.*\])'", PAGE)
    visualizer = with_options(option).visualizer
    log = VISUALIZERS.build(dict(visualizer, name=tmp_path.name, save_dir=str(tmp_path)))
    for step in (20, 40):
        log.add_scalars(dict(loss=1 / step, lr=0.25), step=step)
    log.close()
    rows = map(json.loads, (tmp_path / 'vis_data' / 'scalars.json').read_text().splitlines())
    events = EventAccumulator(str(tmp_path / 'vis_data')).Reload()
    found = {name: [(e.step, e.value) for e in events.Scalars(name)] for name in ('loss', 'lr')}
    for row, (step, loss), (_, lr) in zip(rows, found['loss'], found['lr'], strict=True):
        assert (row['step'], row['loss'], row['lr']) == (step, pytest.approx(loss), lr)


def test_the_json_log_stays_beside_another(tmp_path):
    class Recorder(BaseVisBackend):
        """Keep what is logged."""

        experiment, rows = None, []

        def _init_env(self):
            """Need nothing."""

        def add_scalars(self, scalar_dict, step=0, file_path=None, **kwargs):
            self.rows.append(dict(scalar_dict, step=step))

    VISBACKENDS.register_module(module=Recorder, name='Recorder', force=True)
    kinds = 'dict(type="LocalVisBackend"), dict(type="Recorder")'
    visualizer = with_options(f'visualizer.vis_backends=[{kinds}]').visualizer
    log = VISUALIZERS.build(dict(visualizer, name=tmp_path.name, save_dir=str(tmp_path)))
    log.add_scalars(dict(loss=0.5, lr=0.25), step=20)
    (line,) = (tmp_path / 'vis_data' / 'scalars.json').read_text().splitlines()
    assert [json.loads(line)] == Recorder.rows == [dict(loss=0.5, lr=0.25, step=20)]


def test_weights_and_biases_stands_beside_the_json_log():
    assert WANDB in PAGE
    backends = with_options(
        f'visualizer.vis_backends=[dict(type="LocalVisBackend"), {WANDB}]'
    ).visualizer.vis_backends
    assert [backend.type for backend in backends] == ['LocalVisBackend', 'WandbVisBackend']
    assert backends[1].init_kwargs == dict(project='my-project')


def test_the_config_of_the_page_resolves():
    (line,) = re.findall(r'^visualizer = .*$', PAGE, re.MULTILINE)
    config = Config.fromfile(DEMO)
    config.merge_from_dict(dict(visualizer=Config.fromstring(line, '.py').visualizer))
    config.work_dir = 'unused'
    check_config(config)
    types = [backend.type for backend in config.visualizer.vis_backends]
    assert types == ['LocalVisBackend', 'TensorboardVisBackend']
