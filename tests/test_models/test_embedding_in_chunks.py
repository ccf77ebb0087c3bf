"""Large batches for contrastive losses in the memory of small ones."""

import copy

import pytest
import torch
from torch import nn

from tests.distributed import run_on_processes
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.errors import InputError
from vsslbox.models.utils import SyncBatchNorm
from vsslbox.registry import MODELS

GROUP_NORM = dict(type='GN', num_groups=2)
BATCH, CHUNK = 8, 4


def method(kind='CVRL', norm=GROUP_NORM, dropout=0.0):
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type=kind,
            backbone=dict(type='PreActResNet3d', base_channels=4, norm_cfg=norm),
            neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
            loss=dict(type='NTXentLoss', temperature=0.1),
        )
    )
    model.neck = nn.Sequential(nn.Dropout(dropout), model.neck)
    return model.double()


def views(num_views=2, first=0, size=BATCH):
    drawn = torch.Generator().manual_seed(1)
    return [
        torch.randn(BATCH, 3, 2, 16, 16, generator=drawn, dtype=torch.float64)[first:][:size]
        for _ in range(num_views)
    ]


def step(model, inputs):
    """Return loss, gradients and buffers of a step, and what is drawn next."""
    torch.manual_seed(2)
    (loss,) = model(inputs, [], mode='loss').values()
    loss.backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    return loss, gradients, dict(model.named_buffers()), torch.rand(2)


@pytest.mark.parametrize(
    'kind, num_views, size',
    [('CVRL', 2, BATCH), ('CVRL', 2, 6), ('RhoSimCLR', 3, BATCH)],  # 6: chunks of both views
)
def test_loss_and_gradients_are_those_of_the_whole_batch(kind, num_views, size):
    plain = method(kind)
    cached = copy.deepcopy(plain)
    cached.chunk_size = CHUNK
    inputs = views(num_views, size=size)
    torch.testing.assert_close(step(cached, inputs), step(plain, inputs), rtol=1e-10, atol=1e-12)
    assert min(gradient.abs().max() for gradient in step(plain, inputs)[1].values()) > 0


def test_batch_norm_in_evaluation_is_exact():
    plain = method(norm=dict(type='BN3d')).eval()
    cached = copy.deepcopy(plain)
    cached.chunk_size = CHUNK
    torch.testing.assert_close(step(cached, views()), step(plain, views()), rtol=1e-10, atol=1e-12)


def test_batch_norm_and_dropout_are_those_of_each_chunk():
    """The reference encodes the chunks one by one and keeps all activations."""
    plain = method(norm=dict(type='BN3d'), dropout=0.5).train()
    cached = copy.deepcopy(plain)
    cached.chunk_size = CHUNK
    embed = plain.embed
    plain.embed_in_chunks = lambda *views: torch.cat(
        [embed(chunk) for chunk in torch.cat(views).split(CHUNK)]
    )
    torch.testing.assert_close(step(cached, views()), step(plain, views()), rtol=1e-10, atol=1e-12)


def on_processes(chunk_size):
    model = method()
    model.chunk_size = chunk_size
    wrapped = CPUDistributedDataParallel(model, broadcast_buffers=False)
    rank = torch.distributed.get_rank()
    return step(wrapped, views(first=rank * BATCH // 2, size=BATCH // 2))[:2]


def both_on_processes():
    return on_processes(None), on_processes(2)


def test_negatives_of_all_processes():
    for plain, cached in run_on_processes(both_on_processes, 2):
        torch.testing.assert_close(cached, plain, rtol=1e-10, atol=1e-12)


def test_kept_memory_does_not_grow_with_the_activations():
    kept = []
    for chunk_size in (None, CHUNK):
        model, sizes = method(), {}
        model.chunk_size = chunk_size

        def pack(tensor, sizes=sizes):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            losses = model(views(), [], mode='loss')
        kept.append(sum(sizes.values()))
        assert losses
    clips = sum(view.nbytes for view in views())
    assert kept[1] - clips < (kept[0] - clips) / 100


def test_what_cannot_be_chunked_is_told():
    model = method()
    model.chunk_size = 3
    with pytest.raises(InputError, match='chunk_size=3` does not divide the 16 clips'):
        step(model, views())
    model.chunk_size = CHUNK
    model.neck = nn.Sequential(SyncBatchNorm(32), model.neck)
    with pytest.raises(InputError, match='cannot work with SyncBatchNorm'):
        step(model, views())
    with pytest.raises(InputError, match='chunk_size must be positive, got 0'):
        MODELS.build(
            dict(type='CVRL', chunk_size=0, backbone=dict(type='C3DTrunk'), neck={}, loss={})
        )
