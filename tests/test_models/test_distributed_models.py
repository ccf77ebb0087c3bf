"""Two processes compute the same as one."""

import pytest
import torch
from mmengine.dist import get_rank, get_world_size
from torch.nn.parallel import DistributedDataParallel

from tests.distributed import run_on_processes
from tests.tiny import tiny_vclr, views_and_samples
from vsslbox.models.utils import gather_batch, on_shuffled_batch

STEPS, BATCH = 20, 8


def train() -> dict:
    """Train VCLR on this process's share of the batches; return weights and queues."""
    torch.manual_seed(0)
    model = tiny_vclr(queue_size=64).double()
    wrapped = model
    if get_world_size() > 1:
        wrapped = DistributedDataParallel(model, broadcast_buffers=False)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.05, momentum=0.9)
    share = BATCH // get_world_size()
    mine = slice(get_rank() * share, (get_rank() + 1) * share)
    losses = []
    for step in range(STEPS):
        generator = torch.Generator().manual_seed(step)
        views, samples = views_and_samples(generator, BATCH, dtype=torch.float64)
        loss = sum(wrapped([view[mine] for view in views], samples[mine], mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
        losses.append(loss.item())
    return dict(state=model.state_dict(), losses=losses)


@pytest.mark.slow
def test_training_equals_one_process():
    """With GroupNorm, since the statistics of BatchNorm differ."""
    one, two = train(), run_on_processes(train, 2)
    mean_losses = torch.tensor([two[0]['losses'], two[1]['losses']]).mean(dim=0)
    assert torch.allclose(mean_losses, torch.tensor(one['losses']), atol=1e-5)
    assert one['losses'][-1] != one['losses'][0]
    for name, value in one['state'].items():
        assert torch.equal(two[0]['state'][name], two[1]['state'][name]), name
        assert torch.allclose(two[0]['state'][name], value, atol=1e-5), name


def shuffle() -> dict:
    """Record which process encodes which of a batch of numbered samples."""
    torch.manual_seed(get_rank())
    batch = torch.arange(8.0)[:, None] + 100 * get_rank()
    seen = []

    def encode(samples):
        seen.append(samples)
        return torch.cat([samples, samples.mean(dim=0).expand_as(samples)], dim=1)

    features = on_shuffled_batch(encode, batch)
    return dict(batch=batch, features=features, seen=seen[0], gathered=gather_batch(batch))


def test_shuffled_batches():
    results = run_on_processes(shuffle, 2)
    for rank, result in enumerate(results):
        assert torch.equal(result['features'][:, :1], result['batch'])  # its own samples, in order
        assert torch.equal(result['gathered'], torch.cat([r['batch'] for r in results]))
        from_others = (result['seen'] >= 100) != (rank == 1)
        assert 0 < from_others.sum() < 8  # some samples were exchanged, not all
    everything = torch.cat([result['seen'] for result in results])
    assert torch.equal(everything.sort(dim=0).values, results[0]['gathered'])
    means = {value for result in results for value in result['features'][:, 1].tolist()}
    assert len(means) == 2  # each process has a batch with a mean of its own


def test_one_process_exchanges_nothing():
    batch = torch.randn(8, 3)
    assert torch.equal(on_shuffled_batch(lambda samples: samples, batch), batch)
