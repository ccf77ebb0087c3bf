"""Networks that see the differences between frames alone."""

import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.models.backbones import FrameDifferences, R3DResNet

NETWORK = dict(type='R3DResNet', depth=18, base_channels=4)


def built():
    torch.manual_seed(0)
    return FrameDifferences(NETWORK).double().eval()


def test_the_network_sees_each_frame_less_the_one_before():
    model = built()
    network = R3DResNet(depth=18, base_channels=4).double()
    network.eval()
    network.load_state_dict(model.difference_net.state_dict())
    clips = torch.randn(2, 3, 5, 32, 32, dtype=torch.float64)
    changes = torch.zeros(2, 3, 4, 32, 32, dtype=torch.float64)
    for number in range(4):
        changes[:, :, number] = clips[:, :, number + 1] - clips[:, :, number]
    torch.testing.assert_close(model(clips), network(changes), rtol=0, atol=1e-12)


def test_what_stands_still_does_not_count():
    model = built()
    clips = torch.randn(2, 3, 5, 32, 32, dtype=torch.float64)
    scene = torch.randn(2, 3, 1, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(model(clips + scene), model(clips), rtol=0, atol=1e-9)
    assert not torch.allclose(model(clips.flip(2)), model(clips))


@pytest.mark.parametrize('shape', [(2, 3, 1, 32, 32), (2, 3, 32, 32)])
def test_clips_without_changes_are_refused(shape):
    with pytest.raises(InputError, match=r'clips of at least 2 frames.* got \[2, 3,'):
        built()(torch.zeros(shape, dtype=torch.float64))
