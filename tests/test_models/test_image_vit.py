"""The networks of DINO and V-JEPA 2.1; tests/test_checkpoints compares them with formulas."""

import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.models.backbones import ImageViT, LevelNormViT
from vsslbox.models.utils import encode_clips, is_3d

SIZES = dict(embed_dims=24, depth=2, num_heads=2, patch_size=8)
LEVELS = dict(SIZES, img_size=32, num_frames=4, levels=(0, 1))


def randomised(model):
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


@pytest.mark.parametrize('position', ['learnt', 'rope'])
def test_frames_of_a_clip_are_seen_one_by_one(position):
    model = randomised(ImageViT(**SIZES, img_size=32, num_registers=2, position=position))
    clips = torch.randn(2, 3, 4, 32, 48, generator=torch.Generator().manual_seed(1))
    assert not is_3d(model)
    with torch.no_grad():
        maps = torch.stack([model(clips[:, :, frame]) for frame in range(4)])
        assert maps.shape == (4, 2, 24, 4, 6)
        torch.testing.assert_close(encode_clips(model, clips), maps.mean(dim=(0, 3, 4)))
        tokens = model.tokens(clips[:, :, 0])[:, 3:]
    assert torch.equal(maps[0], tokens.transpose(1, 2).unflatten(2, (4, 6)))


@pytest.mark.slow
@pytest.mark.parametrize('position', ['learnt', 'rope'])
def test_an_exported_network_takes_any_number_of_images(position):
    model = randomised(ImageViT(**SIZES, img_size=32, num_registers=2, position=position))
    images = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    shapes = ({0: torch.export.Dim('N')},)
    exported = torch.export.export(model, (images[:2],), dynamic_shapes=shapes).module()
    torch.testing.assert_close(exported(images), model(images))


def test_blocks_computed_again_give_the_same_gradients():
    found = []
    for with_cp in (False, True):
        model = randomised(ImageViT(**SIZES, position='rope', with_cp=with_cp)).train()
        model(torch.ones(1, 3, 16, 16)).square().sum().backward()
        found.append([parameter.grad for parameter in model.parameters()])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(arch='vast'), 'arch must be one of tiny, small'),
        (dict(position='sincos'), "position must be 'learnt' or 'rope', got 'sincos'"),
        (dict(position='rope', embed_dims=12), r'heads of 4 n dimensions, got 6'),
        (dict(img_size=30), r'images of \(30, 30\) pixels do not split into patches of 8'),
    ],
)
def test_what_does_not_fit_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        ImageViT(**{**SIZES, **settings})


def test_images_that_are_not_whole_patches_are_refused():
    with pytest.raises(InputError, match=r'images of \(32, 36\) pixels do not split'):
        ImageViT(**SIZES, img_size=32)(torch.ones(1, 3, 32, 36))


def test_levels_have_norms_of_their_own():
    model = randomised(LevelNormViT(**LEVELS))
    clips = torch.randn(2, 3, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        maps = model.extract(clips, [0, 1])
        assert torch.equal(maps[1], model(clips))
        model.norms_block[0].weight.zero_()
        changed = model.extract(clips, [0, 1])
    expected = model.norms_block[0].bias.view(1, -1, 1, 1, 1).expand_as(maps[0])
    assert torch.equal(changed[0], expected) and torch.equal(changed[1], maps[1])
    with pytest.raises(InputError, match=r'numbers of its blocks, 0 to 1'):
        model.extract(clips, [2])


def test_an_image_has_its_own_projection():
    model = randomised(LevelNormViT(**LEVELS))
    frame = torch.ones(1, 3, 1, 32, 32)
    with torch.no_grad():
        before = model(frame), model(frame.expand(-1, -1, 4, -1, -1))
        model.img_mod_embed.add_(torch.linspace(0, 1, 24))
        after = model(frame), model(frame.expand(-1, -1, 4, -1, -1))
    assert before[0].shape == (1, 24, 1, 4, 4) and before[1].shape == (1, 24, 2, 4, 4)
    assert not torch.allclose(before[0], after[0]) and torch.equal(before[1], after[1])
    keep = torch.tensor([[3, 5]])
    with torch.no_grad():
        assert model.tokens(frame, keep).shape == (1, 2, 24)


@pytest.mark.parametrize('levels', [None, (0,), (0, 2)])
def test_levels_end_with_the_last_block(levels):
    with pytest.raises(InputError, match=r'end with the last one, 1, got \['):
        LevelNormViT(**{**LEVELS, 'levels': levels})
