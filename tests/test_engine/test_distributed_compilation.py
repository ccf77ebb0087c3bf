"""Networks compiled on two processes train as they are, whole and in shares."""

import pytest
import torch

from tests.distributed import run_on_processes
from tests.tiny_masked import masked_samples, tiny_video_mae_cfg
from vsslbox.compat import compiled_graphs
from vsslbox.engine.compilation import compile_networks
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.engine.sharding import shard_model, whole
from vsslbox.registry import MODELS

STEPS = 3


def losses_of(is_sharded, backend):
    """Train VideoMAE for some steps; return the losses, the weights and what was compiled."""
    torch.compiler.reset()
    torch.manual_seed(0)
    model = wrapped = MODELS.build(tiny_video_mae_cfg())
    if is_sharded:
        shard_model(model, True)
    else:
        wrapped = CPUDistributedDataParallel(model, broadcast_buffers=False)
    if backend:
        compile_networks(model, dict(backend=backend))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for step in range(STEPS):
        generator = torch.Generator().manual_seed(2 * step + torch.distributed.get_rank())
        views, samples = masked_samples(generator, 2)
        (loss,) = wrapped(views, samples, mode='loss').values()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    weights = {name: whole(p.detach()) for name, p in model.named_parameters()}
    return losses, weights, compiled_graphs() if backend else None


def each(backend):
    kinds = [(is_sharded, choice) for is_sharded in (False, True) for choice in (None, backend)]
    return [losses_of(*kind) for kind in kinds]


@pytest.mark.parametrize(
    'backend',
    [
        'eager',
        pytest.param('aot_eager', marks=pytest.mark.slow),
        pytest.param('inductor', marks=[pytest.mark.slow, pytest.mark.full]),
    ],
)
def test_steps_are_those_of_the_plain_model(backend):
    """The two blocks of the encoder share a graph; the decoder's block has one."""
    for results in run_on_processes(each, 2, backend):
        for plain, compiled in (results[:2], results[2:]):
            torch.testing.assert_close(compiled[:2], plain[:2], rtol=1e-4, atol=1e-5)
            assert plain[0][-1] != plain[0][0]
            graphs, breaks = compiled[2]
            assert (graphs, breaks) == (2, {})
