"""NT-Xent compared with literal loops in float64, and two processes with one."""

import math

import pytest
import torch
from mmengine.dist import get_rank, get_world_size
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.distributed import run_on_processes
from vsslbox.models.losses import NTXentLoss, nt_xent
from vsslbox.models.utils import gather_with_gradient

TEMPERATURE = 0.1
BATCH, WIDTH = 6, 5


def cosine(a, b):
    a, b = a.tolist(), b.tolist()
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def equation_1(first, second):
    """Compute the mean over 2N anchors, each with its other view and the 2N - 2 other clips."""
    n = len(first)
    z = [*first, *second]
    total = 0.0
    for i, anchor in enumerate(z):
        scores = [math.exp(cosine(anchor, z[k]) / TEMPERATURE) for k in range(2 * n)]
        total -= math.log(scores[(i + n) % (2 * n)] / (sum(scores) - scores[i]))
    return total / (2 * n)


def embeddings(dtype=torch.float64):
    return [3 * torch.randn(BATCH, WIDTH, dtype=dtype) for _ in range(2)]


def test_nt_xent_equals_the_formula():
    first, second = embeddings()
    expected = equation_1(first, second)
    assert nt_xent(first, second, TEMPERATURE).item() == pytest.approx(expected, abs=1e-12)
    for reduction, factor in (('mean', 1), ('sum', 2)):
        loss = NTXentLoss(TEMPERATURE, reduction, loss_weight=0.5)(first, second)
        assert loss.item() == pytest.approx(0.5 * factor * expected, abs=1e-12)
    in_float32 = nt_xent(first.float(), second.float(), TEMPERATURE)
    assert in_float32.item() == pytest.approx(expected, rel=1e-6)


def test_equal_embeddings_give_chance():
    first = torch.randn(1, WIDTH).expand(BATCH, -1)
    assert nt_xent(first, first, TEMPERATURE).item() == pytest.approx(math.log(2 * BATCH - 1))


def test_nt_xent_is_float32_under_autocast():
    first, second = embeddings(torch.float32)
    expected = nt_xent(first, second, TEMPERATURE)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(nt_xent(first, second, TEMPERATURE), expected)
        assert nt_xent(first.bfloat16(), second, TEMPERATURE).dtype == torch.float32


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='temperature must be positive'):
        NTXentLoss(temperature=0)
    with pytest.raises(ValueError, match="'sum' or 'mean', got 'none'"):
        NTXentLoss(reduction='none')


def gradients() -> dict:
    """Compute loss and gradients of a small network on this process's share of the batch."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 7), nn.Tanh(), nn.Linear(7, WIDTH)).double()
    wrapped = DistributedDataParallel(net) if get_world_size() > 1 else net
    clips = torch.randn(2, BATCH, 4, dtype=torch.float64)
    share = clips.chunk(get_world_size(), dim=1)[get_rank()]
    first, second = wrapped(share.flatten(0, 1)).chunk(2)
    loss = NTXentLoss(TEMPERATURE)(first, second)
    loss.backward()
    return dict(loss=loss.detach(), grads=[parameter.grad for parameter in net.parameters()])


def gathered_gradient() -> dict:
    """Compute the gradient when each process weights the gathered rows differently."""
    rank = get_rank()
    rows = torch.full((2, 1), float(rank), requires_grad=True)
    everything = gather_with_gradient(rows)
    weights = torch.tensor([[1.0], [2.0], [3.0], [4.0]]) * 10**rank
    (weights * everything).sum().backward()
    return dict(everything=everything.detach(), gradient=rows.grad)


def on_this_process() -> dict:
    return dict(network=gradients(), gathered=gathered_gradient())


@pytest.fixture(scope='module')
def two_processes():
    return run_on_processes(on_this_process, 2)


def test_two_processes_have_the_gradient_of_one(two_processes):
    one, two = gradients(), [result['network'] for result in two_processes]
    assert two[0]['loss'] != two[1]['loss']
    mean_loss = (two[0]['loss'] + two[1]['loss']) / 2
    assert mean_loss.item() == pytest.approx(one['loss'].item(), abs=1e-12)
    for result in two:
        for found, expected in zip(result['grads'], one['grads'], strict=True):
            assert expected.abs().max() > 1e-3
            assert torch.allclose(found, expected, rtol=0, atol=1e-10)


def test_the_gradient_of_a_gathered_batch_is_summed(two_processes):
    for rank, result in enumerate(two_processes):
        assert result['gathered']['everything'].flatten().tolist() == [0, 0, 1, 1]
        assert result['gathered']['gradient'].flatten().tolist() == [[11, 22], [33, 44]][rank]


def test_one_process_has_nothing_to_gather():
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather_with_gradient(rows) is rows
