"""VIE: embeddings and the bank, the warm-up, and several processes."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from mmengine.dist import get_rank, get_world_size
from mmengine.logging import MMLogger
from torch.nn.parallel import DistributedDataParallel

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM
from tests.tiny_vie import AGGREGATION, RECOGNITION, TinyClips, clips_and_samples, tiny_vie
from vsslbox.engine.hooks import BankListHook, ClusterHook
from vsslbox.models.losses import local_aggregation
from vsslbox.models.utils import encode_clips

NUM_VIDEOS, CHANNELS = 24, 8


def batch(indices, seed=0, **kwargs):
    return clips_and_samples(torch.Generator().manual_seed(seed), indices, **kwargs)


def with_clusters(model):
    model.bank.labels.copy_(torch.randint(4, model.bank.labels.shape))
    return model


def aggregation(model, views, indices):
    features = encode_clips(model.backbone, views[0])
    embedding = F.normalize(F.linear(features, *model.neck.parameters()))
    bank = model.bank
    loss = local_aggregation(
        embedding, torch.tensor(indices), bank.features, bank.labels, 8, temperature=0.07
    )
    return embedding, loss


@pytest.mark.parametrize(
    ('backbone', 'num_frames'), [('NarrowResNet', 1), ('NarrowResNet', 3), ('R3DResNet', 4)]
)
def test_loss_is_that_of_the_embeddings(backbone, num_frames):
    backbone = dict(type=backbone, depth=18, base_channels=4, norm_cfg=GROUP_NORM)
    model = with_clusters(tiny_vie(backbone=backbone))
    views, samples = batch([5, 2, 17], num_frames=num_frames)
    embedding, expected = aggregation(model, views, [5, 2, 17])
    before = model.bank.features.clone()
    losses = model(views, samples, mode='loss')
    assert list(losses) == ['loss_instance']
    assert losses['loss_instance'].item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.equal(model.bank.features, before)

    model.update_after_step()
    rows = F.normalize(0.5 * before[[5, 2, 17]] + 0.5 * embedding)
    assert torch.allclose(model.bank.features[[5, 2, 17]], rows, atol=1e-6)
    untouched = [index for index in range(NUM_VIDEOS) if index not in (5, 2, 17)]
    assert torch.equal(model.bank.features[untouched], before[untouched])


def test_warm_up_ends_after_its_steps_also_across_a_restart():
    kwargs = dict(warmup_loss=RECOGNITION, warmup_steps=2)
    model = with_clusters(tiny_vie(**kwargs))
    for step in range(5):
        views, samples = batch([step, 7], seed=step)
        expected = aggregation(model, views, [step, 7])[1].item()
        value = model(views, samples, mode='loss')['loss_instance'].item()
        assert model.warming_up == (step < 2)
        assert (value == pytest.approx(expected, rel=1e-5)) == (step >= 2)
        model.update_after_step()
        state, model = model.state_dict(), tiny_vie(**kwargs)
        model.load_state_dict(state)


def test_two_batches_of_one_step_count_once():
    model = tiny_vie(loss=RECOGNITION, warmup_loss=RECOGNITION, warmup_steps=2)
    for indices in ([0, 1], [2, 3]):
        model(*batch(indices), mode='loss')
    model.update_after_step()
    assert model.steps == 1


def test_instance_recognition_learns_to_tell_videos():
    """The nearest of eight entries is the video's own."""
    backbone = dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=dict(type='BN'))
    loss = dict(type='InstanceRecognitionLoss', num_noise=4, form='softmax')
    model = tiny_vie(num_videos=8, backbone=backbone, loss=loss)
    views, samples = batch(range(8))
    views[0] += 3 * torch.randn(8, 3, 1, 1, 1)  # videos differ in colour
    optimizer = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
    for _ in range(40):
        loss = model(views, samples, mode='loss')['loss_instance']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
    with torch.no_grad():
        embedding, _ = aggregation(with_clusters(model), views, list(range(8)))
    nearest = (embedding @ model.bank.features.T).argmax(dim=1)
    assert nearest.tolist() == list(range(8))


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match='both `warmup_loss` and `warmup_steps`'):
        tiny_vie(warmup_loss=RECOGNITION)
    with pytest.raises(ValueError, match='both `warmup_loss` and `warmup_steps`'):
        tiny_vie(warmup_steps=3)
    views, samples = batch([0, 1])
    with pytest.raises(ValueError, match='VIE takes 1 view, got 2'):
        tiny_vie()(views * 2, samples, mode='loss')
    with pytest.raises(ValueError, match='no clusters yet'):
        tiny_vie(loss=AGGREGATION)(views, samples, mode='loss')


def train() -> dict:
    """Train LA on this process's share of the batches, clustering twice."""
    torch.manual_seed(get_rank())  # all start from the first process's weights and bank
    model = tiny_vie(num_clusterings=2).double()
    wrapped = model
    if get_world_size() > 1:
        wrapped = DistributedDataParallel(model, broadcast_buffers=False)
    hook = ClusterHook(num_clusters=[5, 3], num_iters=4)
    runner = SimpleNamespace(
        model=model,
        logger=MMLogger.get_current_instance(),
        train_dataloader=SimpleNamespace(dataset=TinyClips()),
    )
    BankListHook().before_train(runner)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.03, momentum=0.9)
    share = 8 // get_world_size()
    mine = slice(get_rank() * share, (get_rank() + 1) * share)
    for step in range(6):
        hook.before_train_iter(runner, batch_idx=step % 3)
        generator = torch.Generator().manual_seed(step)
        indices = torch.randint(NUM_VIDEOS, (8,), generator=generator).tolist()  # some twice
        (clips,), samples = batch(indices, seed=step, dtype=torch.float64)
        loss = wrapped([clips[mine]], samples[mine], mode='loss')['loss_instance']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
    return model.state_dict()


def test_training_equals_one_process():
    one, two = train(), run_on_processes(train, 2)
    assert one['bank.labels'].max(dim=1).values.tolist() == [4, 2]
    for name, value in one.items():
        assert torch.equal(two[0][name], two[1][name]), name
        assert torch.allclose(two[0][name], value, atol=1e-8), name
