"""A training whose batches are too small for its model ends in a message before it starts."""

import pytest
from torch import nn
from torch.utils.data import DataLoader

from vsslbox.engine.smallest_batch import check_smallest_batch
from vsslbox.errors import InputError
from vsslbox.models.losses import MultiScaleInfoNCELoss, NTXentLoss
from vsslbox.models.utils import SyncBatchNorm

VECTORS = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))


def check(model, num_videos, batch_size, drop_last=False, num_processes=1):
    loader = DataLoader(range(num_videos), batch_size, drop_last=drop_last)
    check_smallest_batch(loader, model, num_processes)


@pytest.mark.parametrize(
    ('model', 'reason'),
    [
        (VECTORS, '`1`, a BatchNorm1d, has no statistics of one vector'),
        (nn.ModuleDict(dict(loss=NTXentLoss())), '`loss`, a NTXentLoss, has no negatives'),
        (nn.Sequential(MultiScaleInfoNCELoss()), '`0`, a MultiScaleInfoNCELoss, has no negatives'),
    ],
)
def test_batches_of_one_video_are_refused(model, reason):
    with pytest.raises(InputError, match=f'^a batch .* {reason}: raise `train_dataloader.batch_s'):
        check(model, 5, 1)
    with pytest.raises(InputError) as caught:
        check(model, 9, 4)
    assert reason in str(caught.value)
    assert '(9 videos in batches of 4) has one video' in str(caught.value)
    assert 'set `train_dataloader.drop_last=True` or another' in str(caught.value)
    check(model, 9, 4, drop_last=True)
    check(model, 10, 4)


def test_batches_of_one_video_suit_other_models():
    check(nn.Sequential(nn.BatchNorm2d(4), nn.BatchNorm3d(4), nn.LayerNorm(4)), 5, 1)
    check(nn.Sequential(SyncBatchNorm(4)), 5, 1)
    check(VECTORS.eval(), 5, 1)
    VECTORS.train()
    check(VECTORS, 5, None)


def test_processes_share_negatives_but_no_statistics():
    check(nn.Sequential(NTXentLoss()), 5, 1, num_processes=2)
    with pytest.raises(InputError, match='BatchNorm1d'):
        check(VECTORS, 5, 1, num_processes=2)
