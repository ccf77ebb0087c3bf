"""Activations that are computed again: the same training in less memory."""

from collections import Counter

import pytest
import torch
from torch import nn

from tests.test_engine.test_training import BATCH_NORM, config
from tests.test_models.test_registered_models import COMPONENTS, METHODS
from tests.tiny_masked import VIT, masked_samples
from tests.training import assert_same
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.activation_checkpointing import checkpoint_activations
from vsslbox.errors import InputError
from vsslbox.models import backbones
from vsslbox.models.selfsup import BaseSelfSupervisor
from vsslbox.registry import MODELS

BACKBONES = [name for name in backbones.__all__ if name in COMPONENTS]


def built(name):
    torch.manual_seed(0)
    model = MODELS.build(dict(COMPONENTS[name][0], type=name))
    model.train()
    return model


def a_step(model, inputs):
    """Return the outputs, gradients and buffers of a step, and what is drawn next."""
    torch.manual_seed(2)
    outputs = model(**inputs)
    values = outputs.values() if isinstance(outputs, dict) else [outputs]
    sum(value.square().sum() for value in values).backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    return outputs, gradients, dict(model.named_buffers()), torch.rand(3)


def count_calls(blocks):
    """Count how often blocks compute; see :func:`most_calls`."""
    calls = {block: Counter() for block in blocks}
    for block, counter in calls.items():
        for layer in block.modules():
            if not any(True for _ in layer.children()):
                layer.register_forward_pre_hook(lambda layer, _, c=counter: c.update([layer]))
    return calls


def most_calls(calls):
    """Return, for each block, how often its busiest layer computed; the last ones compute once."""
    return [max(counter.values()) for counter in calls.values()]


def kept_bytes(network, blocks, clips):
    """Return the output, and the bytes that a forward pass keeps: inputs of blocks included."""
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    def keep(block, inputs):
        pack(inputs[0])

    hooks = [block.register_forward_pre_hook(keep) for block in blocks]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = network(clips)  # keeps the graph
    for hook in hooks:
        hook.remove()
    return output, sum(kept.values()) - sum(p.nbytes for p in network.parameters())


@pytest.mark.slow
@pytest.mark.parametrize('name', [*METHODS, *BACKBONES])
def test_step_is_that_of_the_plain_model(name):
    torch.manual_seed(1)
    inputs = COMPONENTS[name][1]()
    plain, changed = built(name), built(name)
    place = 'backbone' if isinstance(plain, BaseSelfSupervisor) else ''
    keys = list(changed.state_dict())
    blocks = checkpoint_activations(changed, place)
    calls = count_calls(blocks)
    assert list(changed.state_dict()) == keys
    torch.testing.assert_close(a_step(changed, inputs), a_step(plain, inputs), rtol=0, atol=0)
    assert min(most_calls(calls)) >= 2, 'a block was not computed again'


class Noisy(nn.Module):
    """A block with dropout and BatchNorm that takes a keyword."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)
        self.layer = nn.Linear(8, 8)
        self.drop = nn.Dropout(0.5)

    def forward(self, x, *, scale):
        return self.drop(self.layer(self.norm(x))) * scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.with_cp = True
        self.blocks = nn.ModuleList(Noisy() for _ in range(3))

    def forward(self, x):
        for block in self.blocks:
            x = block(x, scale=2)
        return x


def test_dropout_repeats_its_draws_and_keywords_pass():
    torch.manual_seed(0)
    plain, changed = Net(), Net()
    changed.load_state_dict(plain.state_dict())
    blocks = checkpoint_activations(changed, 'blocks')
    assert blocks == list(changed.blocks)
    assert not changed.with_cp  # the option replaces it
    inputs = dict(x=torch.randn(6, 8))
    torch.testing.assert_close(a_step(changed, inputs), a_step(plain, inputs), rtol=0, atol=0)
    assert changed.blocks[0].norm.num_batches_tracked == 1


def test_evaluation_and_frozen_weights_compute_once():
    net = Net()
    calls = count_calls(checkpoint_activations(net, ['blocks.1', 'blocks']))
    with torch.no_grad():
        net(torch.randn(6, 8))
    assert most_calls(calls) == [1, 1, 1]


def test_a_transformer_keeps_a_fraction_of_the_memory():
    options = dict(VIT, depth=8, drop_path_rate=0.3)
    (clips,), _ = masked_samples(torch.Generator().manual_seed(0), 4)
    kept = []
    for again in (False, True):
        torch.manual_seed(0)
        network = MODELS.build(options)
        blocks = checkpoint_activations(network, '') if again else network.blocks
        torch.manual_seed(1)
        kept.append(kept_bytes(network, blocks, clips))
    (plain, most), (changed, least) = kept
    torch.testing.assert_close(changed, plain, rtol=0, atol=0)
    assert least < most / 5


@pytest.mark.parametrize(
    'names, message',
    [
        ('backbones', "'backbones', which MoCo does not have: .* backbone"),
        (['heads.contrast'], "'heads.contrast', which stages features in a memory"),
    ],
)
def test_wrong_names_are_told(names, message):
    with pytest.raises(InputError, match=message):
        checkpoint_activations(built('MoCo'), names)


@pytest.mark.slow
def test_training_ends_with_the_same_weights(tmp_path):
    states = []
    for options in (dict(activation_checkpointing='backbone'), {}):
        cfg = config(tmp_path, BATCH_NORM, **options)
        cfg.train_cfg.max_epochs = 1
        build_runner(cfg).train()
        states.append(torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict'])
    assert_same(*states)
