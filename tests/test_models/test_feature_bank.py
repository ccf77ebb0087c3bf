"""The bank: running means, no change before the step, the same on every process."""

import hashlib

import pytest
import torch
import torch.nn.functional as F
from mmengine.dist import get_rank

from tests.distributed import run_on_processes
from vsslbox.errors import InputError
from vsslbox.models.memories import FeatureBank


def unit(*shape):
    return F.normalize(torch.randn(*shape), dim=-1)


def filled(num_videos=6, channels=4, **kwargs):
    bank = FeatureBank(num_videos, channels, **kwargs)
    bank.features.copy_(unit(num_videos, channels))
    return bank


def test_start_values():
    bank = FeatureBank(num_videos=1000, channels=12)
    assert bank.features.abs().max() <= 0.5  # 1 / sqrt(12 / 3)
    assert bank.features.abs().max() > 0.49
    assert bank.features.mean().abs() < 0.02
    assert not bank.clustered


@pytest.mark.parametrize('momentum', [0.5, 0.9, 0.0])
def test_rows_move_only_at_flush(momentum):
    bank = filled(momentum=momentum)
    before = bank.features.clone()
    embeddings = unit(2, 4)
    bank.stage(torch.tensor([4, 1]), embeddings)
    assert torch.equal(bank.features, before)
    bank.flush()
    for index, embedding in ((4, embeddings[0]), (1, embeddings[1])):
        mixed = [
            momentum * old + (1 - momentum) * new
            for old, new in zip(before[index].tolist(), embedding.tolist(), strict=True)
        ]
        length = sum(x * x for x in mixed) ** 0.5
        assert bank.features[index].tolist() == pytest.approx([x / length for x in mixed], abs=1e-6)
    others = [0, 2, 3, 5]
    assert torch.equal(bank.features[others], before[others])
    after = bank.features.clone()
    bank.flush()
    assert torch.equal(bank.features, after)


def test_the_last_embedding_of_a_video_counts():
    ours, other = filled(), filled()
    other.features.copy_(ours.features)
    first, second = unit(4, 4), unit(2, 4)
    ours.stage(torch.tensor([3, 0, 3, 1]), first)
    ours.stage(torch.tensor([1, 5]), second)
    ours.flush()
    other.stage(torch.tensor([0, 3, 1, 5]), torch.stack([first[1], first[2], second[0], second[1]]))
    other.flush()
    assert torch.equal(ours.features, other.features)


def test_waiting_for_a_step_that_never_comes_is_noticed():
    bank = filled()
    bank.stage(torch.arange(6), unit(6, 4))
    with pytest.raises(InputError, match=r'7 embeddings wait .* 6 videos.* `update_after_step`'):
        bank.stage(torch.tensor([0]), unit(1, 4))


def test_embeddings_are_staged_without_gradient():
    bank = filled()
    embeddings = unit(2, 4).requires_grad_()
    bank.stage(torch.tensor([0, 1]), embeddings * 2)
    bank.flush()
    assert not bank.features.requires_grad


def test_the_list_is_kept_and_compared():
    lists = [hashlib.sha256(text).hexdigest() for text in (b'one', b'other')]
    bank = filled()
    bank.bind(lists[0], num_videos=6)
    assert bytes(bank.list_hash.tolist()).hex() == lists[0]
    resumed = filled()
    resumed.load_state_dict(bank.state_dict())
    resumed.bind(lists[0], num_videos=6)
    with pytest.raises(ValueError, match=f'another list .*{lists[0]}.* than .*{lists[1]}'):
        resumed.bind(lists[1], num_videos=6)
    with pytest.raises(ValueError, match='set `num_videos=7` in the config of the `FeatureBank`'):
        bank.bind(lists[0], num_videos=7)


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='momentum must be within'):
        FeatureBank(6, momentum=1.5)


def fill() -> dict:
    """Stage embeddings of this process; both processes have one of the videos."""
    torch.manual_seed(0)
    bank = filled()
    embeddings = unit(2, 2, 4)
    indices = torch.tensor([[2, 5], [0, 2]])
    bank.stage(indices[get_rank()], embeddings[get_rank()])
    bank.flush()
    return dict(features=bank.features, embeddings=embeddings)


def test_processes_keep_the_same_bank():
    results = run_on_processes(fill, 2)
    assert torch.equal(results[0]['features'], results[1]['features'])
    torch.manual_seed(0)
    expected = filled()
    embeddings = unit(2, 2, 4)
    expected.stage(torch.tensor([5, 0, 2]), torch.cat([embeddings[0, 1:], embeddings[1]]))
    expected.flush()
    assert torch.equal(results[0]['features'], expected.features)
