"""Attentive probes on views: losses, settings, the choice, and a test by it."""

import copy
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.model import BaseModule
from mmengine.optim import build_optim_wrapper

from tests.conftest import REPO
from tests.distributed import run_on_processes
from tests.evaluating import write_labelled_videos
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.errors import InputError
from vsslbox.registry import MODELS

CONFIG = REPO / 'configs' / 'demo' / 'benchmarks' / 'attentive_r3d18w16_8x3-64px.py'
SETTINGS = [dict(lr=1e-2, weight_decay=0.1), dict(lr=1e-3, weight_decay=0.4)]
NAMES = ['lr0.01_wd0.1', 'lr0.001_wd0.4']
OPTIMIZER = dict(constructor='vsslbox.ReadoutConstructor', optimizer=dict(type='AdamW'))


@MODELS.register_module()
class CoarseClips(BaseModule):
    """A 3D backbone whose map is the clip, averaged over squares of 4 pixels, and its negative."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv3d(1, 1, 1)

    def forward(self, x):
        x = F.avg_pool3d(x, (1, 4, 4))
        return torch.cat([x, -x, x[:, :2] ** 2], dim=1)


def readout(**kwargs):
    settings = dict(settings=SETTINGS, num_clips=2, depth=1, num_heads=4)
    model = dict(type='AttentiveReadout', backbone=dict(type='CoarseClips'), in_channels=8)
    return MODELS.build({**model, 'num_classes': 3, **settings, **kwargs})


def samples(labels):
    return [ActionDataSample().set_gt_labels(label) for label in labels]


def views(number, size=2):
    return [torch.randn(size, 3, 2, 8, 8) for _ in range(number)]


def literal_tokens(model, clips):
    maps = [model.backbone(clip) for clip in clips]
    return torch.stack(
        [m[:, :, t, y, x] for m in maps for t in range(2) for y in range(2) for x in range(2)],
        dim=1,
    )


def test_all_clips_of_a_video_are_one_sequence():
    model, clips, labels = readout(), views(2), [2, 0]
    losses = model(clips, samples(labels), mode='loss')
    assert list(losses) == [f'loss_{name}' for name in NAMES]
    tokens = literal_tokens(model, clips)
    for name, probe in zip(NAMES, model.probes):
        expected = F.cross_entropy(probe(tokens), torch.tensor(labels))
        torch.testing.assert_close(losses[f'loss_{name}'], expected)


def test_probabilities_are_averaged_over_the_crops_of_the_clips():
    """The views of a sample: three crops of the first clip, then three of the second."""
    model, crops = readout().eval(), views(6)
    found = model(crops)
    for name, probe in zip(NAMES, model.probes):
        scores = [probe(literal_tokens(model, [crops[n], crops[n + 3]])) for n in range(3)]
        expected = sum(own.softmax(dim=1) for own in scores) / 3
        torch.testing.assert_close(found[name], expected)
    assert list(found) == NAMES
    model.chosen.fill_(1)
    again = model(crops, samples([0, 1]), mode='predict')
    assert torch.equal(again[1].pred_scores.chosen, found[NAMES[1]][1])
    assert model.notes() == dict(chosen='lr0.001_wd0.4 of 2 probes, by the videos of validation')


def test_every_probe_is_trained_by_its_own_settings():
    model, clips = readout(), views(2, size=4)
    before = copy.deepcopy(model)
    wrapper = build_optim_wrapper(model, dict(OPTIMIZER))
    batch = dict(inputs=clips, data_samples=samples([0, 1, 2, 0]))
    for _ in range(3):
        model.train()
        losses = model(**batch, mode='loss')
        wrapper.update_params(sum(losses.values()))
        assert not any(module.training for module in model.backbone.modules())
    tokens = literal_tokens(before, clips)
    for probe, setting, trained in zip(before.probes, SETTINGS, model.probes):
        optimizer = torch.optim.AdamW(probe.parameters(), **setting)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(probe(tokens), torch.tensor([0, 1, 2, 0])).backward()
            optimizer.step()
        for own, other in zip(trained.parameters(), probe.parameters()):
            torch.testing.assert_close(own, other, rtol=0, atol=1e-6)
    assert torch.equal(model.backbone.layer.weight, before.backbone.layer.weight)


def trained(clips, labels, wrap):
    """Train two steps on some clips, and return the weights of the probes."""
    torch.manual_seed(1)
    model = readout()
    wrapped = wrap(model)
    wrapper = build_optim_wrapper(wrapped, dict(OPTIMIZER))
    for _ in range(2):
        wrapped.train_step(dict(inputs=clips, data_samples=samples(labels)), wrapper)
    return model.state_dict()


def trained_on_a_share(clips, labels):
    rank = torch.distributed.get_rank()
    own = [clip[rank::2] for clip in clips]
    return trained(own, labels[rank::2], CPUDistributedDataParallel)


@pytest.mark.slow
def test_two_processes_train_as_one():
    clips = [torch.randint(256, (4, 3, 2, 8, 8), dtype=torch.uint8) for _ in range(2)]
    labels = [0, 1, 2, 0]
    expected = trained(clips, labels, lambda model: model)
    for weights in run_on_processes(trained_on_a_share, 2, clips, labels):
        for name, value in weights.items():
            torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-5, msg=name)


def config_for(videos, work_dir):
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(
        {
            'log_level': 'ERROR',
            'work_dir': str(work_dir),
            'model.backbone.init_cfg': None,
            'model.backbone.base_channels': 4,
            'model.in_channels': 32,
            'model.num_classes': 2,
            'train_cfg.max_epochs': 2,
            'param_scheduler.T_max': 2,
        }
    )
    config.train_dataloader.dataset.indices, config.val_dataloader.dataset.indices = 5, -3
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.dataset.data_root = str(videos)
    return config


@pytest.mark.slow
def test_validation_chooses_and_the_test_takes_the_chosen_probe(tmp_path):
    (tmp_path / 'videos').mkdir()
    videos = write_labelled_videos(tmp_path / 'videos')
    runner = build_runner(config_for(videos, tmp_path / 'train'))
    runner.train()
    (best,) = (tmp_path / 'train').glob('best_*.pth')
    state = torch.load(best)['state_dict']
    assert 0 <= state['chosen'] < 6

    def test(checkpoint, **changes):
        config = config_for(videos, tmp_path / 'test')
        config.load_from = str(checkpoint)
        config.test_evaluator.update(changes)
        return build_runner(config).test()

    every = test(best, taps=None)
    record = json.loads(Path(tmp_path, 'test', 'metrics.json').read_text())
    names = [f'lr{lr:g}_wd{decay:g}' for lr in (3e-3, 1e-3, 3e-4) for decay in (0.01, 0.4)]
    assert set(every) == {f'readout/{name}/top1' for name in [*names, 'chosen']}
    assert record['notes']['chosen'].startswith(f'{names[state["chosen"]]} of 6 probes')
    chosen = every[f'readout/{names[state["chosen"]]}/top1']
    assert test(best) == {'readout/chosen/top1': chosen}
    torch.save(dict(state_dict=dict(state, chosen=torch.tensor(-1))), tmp_path / 'early.pth')
    with pytest.raises(InputError, match=r'evaluates chosen, but .* validation kept, best_'):
        test(tmp_path / 'early.pth')


def test_errors():
    with pytest.raises(InputError, match='must be different pairs of lr and weight_decay'):
        readout(settings=SETTINGS[:1] * 2)
    with pytest.raises(InputError, match='num_clips=2, but samples have 3 views'):
        readout()(views(3))
    with pytest.raises(
        InputError, match=r'in_channels .* is 4, but the backbone gives tokens of 8'
    ):
        readout(in_channels=4)(views(2))
    with pytest.raises(InputError, match='AttentiveReadout needs one label for each sample'):
        readout()(views(2), [ActionDataSample(), ActionDataSample()], mode='loss')
    both = dict(OPTIMIZER, optimizer=dict(type='AdamW', lr=1e-3))
    with pytest.raises(InputError, match='has lr, but the probes have their own'):
        build_optim_wrapper(readout(), both)
    with pytest.raises(InputError, match='is for AttentiveReadout, not Linear'):
        build_optim_wrapper(torch.nn.Linear(2, 2), dict(OPTIMIZER))
