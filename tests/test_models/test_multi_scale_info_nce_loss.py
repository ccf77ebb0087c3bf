"""The loss of VDIM compared with literal loops in float64, and two processes with one."""

import math

import pytest
import torch
from mmengine.dist import get_rank, get_world_size
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode

from tests.distributed import run_on_processes
from vsslbox.models.losses import MultiScaleInfoNCELoss, position_info_nce

VIDEOS, WIDTH = 4, 5
GRIDS = {5: (2, 1, 3), 6: (1, 2, 1), 8: (1, 1, 1)}
SWITCHES = [
    dict(),
    dict(scale=False),
    dict(clip=None),
    dict(clip=3.0),
    dict(penalty=0.0),
    dict(mask_same_video=False),
    dict(scale=False, clip=None, penalty=0.0, mask_same_video=False),
]


def literal(query, keys, scale=True, clip=20.0, penalty=5e-2, mask_same_video=True):
    """Compute the loss of ``[N, L, D]`` and ``[N, L', D]``, one score at a time."""
    query, keys = query.tolist(), keys.tolist()
    losses, squares = [], []
    for i, locations in enumerate(query):
        for location in locations:
            scores = {}
            for k, others in enumerate(keys):
                for j, other in enumerate(others):
                    score = sum(a * b for a, b in zip(location, other, strict=True))
                    score = score / math.sqrt(len(other)) if scale else score
                    squares.append(score**2)
                    scores[k, j] = clip * math.tanh(score / clip) if clip else score
            for j in range(len(keys[i])):
                total = sum(
                    math.exp(score)
                    for place, score in scores.items()
                    if place == (i, j) or place[0] != i or not mask_same_video
                )
                losses.append(math.log(total) - scores[i, j])
    return sum(losses) / len(losses) + penalty * sum(squares) / len(squares)


def rows(features):
    """Reshape ``[N, D, t, h, w]`` to ``[N, t * h * w, D]``, by hand."""
    places = [
        features[:, :, t, h, w]
        for t in range(features.shape[2])
        for h in range(features.shape[3])
        for w in range(features.shape[4])
    ]
    return torch.stack(places, dim=1)


def embeddings(dtype=torch.float64):
    return {
        layer: 2 * torch.randn(VIDEOS, WIDTH, *grid, dtype=dtype) for layer, grid in GRIDS.items()
    }


@pytest.mark.parametrize('switches', SWITCHES, ids=str)
@pytest.mark.parametrize('max_scores', [2**24, 50, 1])
def test_one_pair_of_layers_equals_the_loop(switches, max_scores):
    query, keys = (2 * torch.randn(VIDEOS, n, WIDTH, dtype=torch.float64) for n in (6, 3))
    found = position_info_nce(query, keys, **switches, max_scores=max_scores)
    assert found.item() == pytest.approx(literal(query, keys, **switches), abs=1e-10)


@pytest.mark.parametrize('switches', SWITCHES, ids=str)
def test_the_loss_equals_the_loop(switches):
    first, second = embeddings(), embeddings()
    expected = 0.0
    for layer, other in ((5, 8), (6, 8), (8, 8), (8, 5), (8, 6)):
        expected += literal(rows(first[layer]), rows(second[other]), **switches) / 2
        expected += literal(rows(second[layer]), rows(first[other]), **switches) / 2
    loss = MultiScaleInfoNCELoss(**switches, loss_weight=0.3)
    assert loss.taps == [5, 6, 8]
    assert loss(first, second).item() == pytest.approx(0.3 * expected, abs=1e-10)


def test_the_gradient_reaches_queries_and_keys():
    maps = [torch.randn(2, 3, *GRIDS[layer], dtype=torch.float64) for layer in (6, 8, 6, 8)]
    loss = MultiScaleInfoNCELoss(layers=(6, 8))
    assert torch.autograd.gradcheck(
        lambda a, b, c, d: loss({6: a, 8: b}, {6: c, 8: d}), [x.requires_grad_() for x in maps]
    )


def test_other_layers():
    first, second = embeddings(), embeddings()
    loss = MultiScaleInfoNCELoss(layers=(5, 6), other_layers=(6,))
    assert loss.taps == [5, 6]
    expected = 0.0
    for layer, other in ((5, 6), (6, 6), (6, 5)):
        expected += literal(rows(first[layer]), rows(second[other])) / 2
        expected += literal(rows(second[layer]), rows(first[other])) / 2
    assert loss(first, second).item() == pytest.approx(expected, abs=1e-10)


def test_pairs_of_both_products_may_count_twice():
    """Literal sums over J x J' and J' x J: only 8-8 is in both."""
    first, second = embeddings(), embeddings()
    found = MultiScaleInfoNCELoss(repeat_pairs=True)(first, second).item()
    expected = 0.0
    for pairs in ([(5, 8), (6, 8), (8, 8)], [(8, 5), (8, 6), (8, 8)]):
        for layer, other in pairs:
            expected += literal(rows(first[layer]), rows(second[other])) / 2
            expected += literal(rows(second[layer]), rows(first[other])) / 2
    assert found == pytest.approx(expected, abs=1e-10)
    once = MultiScaleInfoNCELoss()(first, second).item()
    shared = literal(rows(first[8]), rows(second[8])) + literal(rows(second[8]), rows(first[8]))
    assert found - once == pytest.approx(shared / 2, abs=1e-10)


def test_chunks_have_the_gradient_of_the_whole():
    query, keys = (torch.randn(VIDEOS, n, WIDTH, dtype=torch.float64) for n in (6, 3))
    found = []
    for max_scores in (2**24, 40):
        leaves = [x.clone().requires_grad_() for x in (query, keys)]
        position_info_nce(*leaves, max_scores=max_scores).backward()
        found.append([leaf.grad for leaf in leaves])
    for whole, parts in zip(*found, strict=True):
        assert whole.abs().max() > 1e-3
        assert torch.allclose(whole, parts, rtol=0, atol=1e-12)
    inputs = [x.clone().requires_grad_() for x in (query, keys)]
    assert torch.autograd.gradcheck(lambda *x: position_info_nce(*x, max_scores=40), inputs)


class LargestTensor(TorchDispatchMode):
    """Records the number of elements of the largest tensor that is created."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for x in out if isinstance(out, tuple | list) else [out]:
            self.size = max(self.size, x.numel() if isinstance(x, torch.Tensor) else 0)
        return out


def test_memory_does_not_grow_with_the_number_of_scores():
    """48 000 scores, of which 1000 are held at once and none until the backward pass."""
    query, keys = (torch.randn(VIDEOS, n, WIDTH, requires_grad=True) for n in (60, 50))
    kept = {}

    def note(x):
        storage = x.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return x

    with LargestTensor() as largest:
        with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
            loss = position_info_nce(query, keys, max_scores=1000)
        rows_and_videos = query.nbytes + keys.nbytes + 8 * VIDEOS * 60
        assert sum(kept.values()) == rows_and_videos
        loss.backward()
    assert largest.size == query.numel() == 1200


def test_equal_embeddings_give_chance():
    maps = {layer: torch.zeros(VIDEOS, WIDTH, *grid) for layer, grid in GRIDS.items()}
    one_key, six_keys, two_keys = (math.log(1 + (VIDEOS - 1) * n) for n in (1, 6, 2))
    expected = 3 * one_key + six_keys + two_keys
    loss = MultiScaleInfoNCELoss()(maps, maps)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_large_scores_stay_finite():
    query = 1e3 * torch.randn(VIDEOS, 2, WIDTH)
    for clip in (20.0, None):
        for mask_same_video in (True, False):
            leaf = query.clone().requires_grad_()
            position_info_nce(leaf, leaf, clip=clip, mask_same_video=mask_same_video).backward()
            assert leaf.grad.isfinite().all()


def test_the_loss_is_float32_under_autocast():
    first, second = embeddings(torch.float32), embeddings(torch.float32)
    loss = MultiScaleInfoNCELoss()
    expected = loss(first, second)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(loss(first, second), expected)
        halves = {layer: found.bfloat16() for layer, found in first.items()}
        assert loss(halves, second).dtype == torch.float32


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='clip must be positive, or None'):
        MultiScaleInfoNCELoss(clip=0)
    with pytest.raises(ValueError, match='at least one layer each'):
        MultiScaleInfoNCELoss(other_layers=())
    with pytest.raises(ValueError, match='the batch has one video'):
        position_info_nce(torch.randn(1, 2, WIDTH), torch.randn(1, 3, WIDTH))


class TwoLayers(nn.Module):
    """A local and a global layer, from eight numbers for each video."""

    def __init__(self):
        super().__init__()
        self.local = nn.Linear(2, WIDTH)
        self.whole = nn.Linear(8, WIDTH)

    def forward(self, x):
        local = self.local(x.unflatten(1, (4, 2))).transpose(1, 2)
        return local.view(-1, WIDTH, 1, 2, 2), self.whole(x).view(-1, WIDTH, 1, 1, 1)


def gradients() -> dict:
    """Compute loss and gradients of a small network on this process's share of the batch."""
    torch.manual_seed(0)
    net = TwoLayers().double()
    wrapped = DistributedDataParallel(net) if get_world_size() > 1 else net
    clips = torch.randn(2, 6, 8, dtype=torch.float64)
    share = clips.chunk(get_world_size(), dim=1)[get_rank()]
    halves = [found.chunk(2) for found in wrapped(share.flatten(0, 1))]
    first, second = ({5: local, 8: whole} for local, whole in zip(*halves, strict=True))
    loss = MultiScaleInfoNCELoss(layers=(5, 8), max_scores=30)(first, second)
    loss.backward()
    return dict(loss=loss.detach(), grads=[parameter.grad for parameter in net.parameters()])


def test_two_processes_have_the_gradient_of_one():
    one, two = gradients(), run_on_processes(gradients, 2)
    assert two[0]['loss'] != two[1]['loss']
    mean_loss = (two[0]['loss'] + two[1]['loss']) / 2
    assert mean_loss.item() == pytest.approx(one['loss'].item(), abs=1e-12)
    for result in two:
        for found, expected in zip(result['grads'], one['grads'], strict=True):
            assert expected.abs().max() > 1e-3
            assert torch.allclose(found, expected, rtol=0, atol=1e-10)
