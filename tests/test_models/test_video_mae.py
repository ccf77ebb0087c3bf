"""VideoMAE against literal loops in float64, and transformers' pretraining network."""

import math

import pytest
import torch

from tests.tiny_masked import DECODER, GRID, VIT, masked_samples, tiny_video_mae_cfg
from vsslbox.errors import InputError
from vsslbox.models.losses import masked_pixel_error, normalized_cubes, pixel_cubes
from vsslbox.registry import MODELS

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def build(**kwargs):
    """Return a VideoMAE whose parameters are all random."""
    model = MODELS.build(tiny_video_mae_cfg(**kwargs)).double()
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data.copy_(0.3 * noise + (parameter.ndim == 1) * 0.5)
    return model


def batch(running_cells=False):
    return masked_samples(torch.Generator().manual_seed(1), 3, running_cells, torch.float64)


def literal_cube(clip, number, normalize=True):
    """Return the target of a cube of 2x4x4 pixels: time, row, column, colour."""
    _, height, width = GRID
    t, row, column = number // (height * width), number // width % height, number % width
    colours = []
    for c in range(3):
        pixels = [
            (clip[c, 2 * t + i, 4 * row + j, 4 * column + k].item() * STD[c] + MEAN[c]) / 255
            for i in range(2)
            for j in range(4)
            for k in range(4)
        ]
        if normalize:
            mean = sum(pixels) / 32
            deviation = math.sqrt(sum((pixel - mean) ** 2 for pixel in pixels) / 31)
            pixels = [(pixel - mean) / (deviation + 1e-6) for pixel in pixels]
        colours.append(pixels)
    return [value for pixel in zip(*colours, strict=True) for value in pixel]


def position(number, width):
    angles = [number / 10000 ** (2 * (d // 2) / width) for d in range(width)]
    values = [math.cos(a) if d % 2 else math.sin(a) for d, a in enumerate(angles)]
    return torch.tensor(values).double()


def literal_loss(model, views, samples, normalize=True):
    """Predict each clip alone: the decoder attends to all its tokens, the seen ones first."""
    errors = []
    for clip, sample in zip(views[0], samples, strict=True):
        visible, asked = sample.visible_tokens.tolist(), sample.predicted_tokens.tolist()
        seen = model.backbone.tokens(clip[None], torch.tensor([visible]))[0]
        rows = [
            model.encoder_to_decoder.weight @ token + position(number, 8)
            for token, number in zip(seen, visible, strict=True)
        ]
        rows += [model.mask_token[0, 0] + position(number, 8) for number in asked]
        tokens = torch.stack(rows)[None]
        for block in model.decoder.blocks:
            tokens = block(tokens)
        for row, number in enumerate(asked, len(visible)):
            if number not in visible:
                token = tokens[0, row]
                token = (token - token.mean()) / (token.var(unbiased=False) + 1e-6).sqrt()
                token = token * model.decoder.norm.weight + model.decoder.norm.bias
                predicted = model.decoder.head(token)
                target = literal_cube(clip, number, normalize)
                errors.append(((predicted - torch.tensor(target)) ** 2).mean())
    return torch.stack(errors).mean()


@pytest.mark.parametrize('running_cells', [False, True])
@pytest.mark.parametrize('normalize', [False, True])
def test_the_loss_equals_literal_loops(running_cells, normalize):
    model = build(loss=dict(type='MaskedPixelLoss', normalize=normalize))
    views, samples = batch(running_cells)
    found = model.loss(views, samples)['loss_pixels']
    expected = literal_loss(model, views, samples, normalize)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    assert samples[0].predicted_tokens.shape == ((16,) if running_cells else (24,))


def test_hidden_pixels_do_not_reach_the_network():
    model = build()
    views, samples = batch()
    changed = views[0].clone()
    for clip, sample in zip(changed, samples, strict=True):
        for number in sample.predicted_tokens.tolist():
            t, row, column = number // 8, number // 4 % 2, number % 4
            clip[:, 2 * t : 2 * t + 2, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] *= -2
    keep = torch.stack([sample.visible_tokens for sample in samples])
    assert torch.equal(model.backbone.tokens(views[0], keep), model.backbone.tokens(changed, keep))
    losses = [model.loss([clips], samples)['loss_pixels'] for clips in (views[0], changed)]
    assert losses[0] != losses[1]


def test_training_finds_what_visible_cubes_tell_of_hidden_ones():
    """Brightness rises in one direction all over a clip; each step sees new clips."""
    torch.manual_seed(0)
    model = MODELS.build(tiny_video_mae_cfg())
    model.init_weights()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95))
    generator = torch.Generator().manual_seed(0)
    t, row, column = torch.meshgrid(*map(torch.arange, (8.0, 8.0, 16.0)), indexing='ij')
    losses = []
    for _ in range(125):
        _, samples = masked_samples(generator, 16)
        along = torch.randn(3, 16, 3, 1, 1, 1, generator=generator)
        loss = model.loss([along[0] * t + along[1] * row + along[2] * column], samples)
        optimizer.zero_grad()
        loss['loss_pixels'].backward()
        optimizer.step()
        losses.append(loss['loss_pixels'].item())
    assert sum(losses[:5]) / 5 > 0.95  # 31/32 for a guess of 0 everywhere
    assert sum(losses[-25:]) / 25 < 0.7


def test_cubes_of_flat_colour_have_finite_targets():
    cubes = pixel_cubes(torch.full((1, 3, 2, 4, 4), 0.3), (2, 4, 4))
    assert cubes.shape == (1, 1, 32, 3)
    assert normalized_cubes(cubes).abs().max() < 0.1  # rounding divided by 1e-6


def test_the_error_is_float32_under_autocast():
    predictions, targets = torch.randn(2, 5, 12).bfloat16(), torch.randn(2, 5, 12)
    is_hidden = torch.tensor([[True, False, True, True, False]] * 2)
    expected = (predictions.double() - targets.double()).square()[is_hidden].mean()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = masked_pixel_error(predictions, targets, is_hidden)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_loss_under_autocast_is_near_that_in_float32():
    model = build().float()
    views, samples = masked_samples(torch.Generator().manual_seed(1), 3)
    expected = model.loss(views, samples)['loss_pixels']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model.loss(views, samples)['loss_pixels']
    found.backward()
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected.item(), rel=0.02)


def test_blocks_computed_again_give_the_same_gradients():
    views, samples = batch()
    found = []
    for with_cp in (False, True):
        model = build(
            backbone=dict(VIT, with_cp=with_cp), decoder=dict(DECODER, with_cp=with_cp)
        ).train()
        loss = model.loss(views, samples)['loss_pixels']
        loss.backward()
        found.append([loss, *(parameter.grad for parameter in model.parameters())])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_names_are_those_of_the_authors_pretraining_files():
    names = {name for name in build().state_dict() if not name.startswith('backbone.')}
    block = ('norm1', 'norm2', 'attn.proj', 'mlp.fc1', 'mlp.fc2')
    layers = ['norm', 'head', *(f'blocks.0.{layer}' for layer in block)]
    expected = {f'decoder.{layer}.{kind}' for layer in layers for kind in ('weight', 'bias')}
    expected |= {f'decoder.blocks.0.attn.{name}' for name in ('qkv.weight', 'q_bias', 'v_bias')}
    assert names == expected | {'encoder_to_decoder.weight', 'mask_token'}


def test_wrong_inputs():
    model = build()
    views, samples = batch()
    with pytest.raises(InputError, match='takes 1 view, got 2'):
        model.loss(views * 2, samples)
    samples[0].set_field(torch.tensor([2, 4, 4]), 'token_grid')
    with pytest.raises(InputError, match=r'masks \(2, 4, 4\) .*give MaskTubes\(grid=\(4, 2, 4\)\)'):
        model.loss(views, samples)
    any_shape = build(backbone=dict(VIT, position='rope', num_heads=1, num_frames=4))
    with pytest.raises(InputError, match=r'that have \(4, 2, 4\), .* built for \(2, 2, 4\)'):
        any_shape.loss(views, batch()[1])
    del samples[0].visible_tokens
    with pytest.raises(InputError, match='no `visible_tokens`: add `MaskTubes`'):
        model.loss(views, samples)
    with pytest.raises(InputError, match=r'out_channels=1536, a cube of .* has 96'):
        build(decoder=dict(DECODER, out_channels=1536))


RENAMED = {
    'videomae.embeddings.patch_embeddings.projection': 'backbone.patch_embed.proj',
    'videomae.encoder.layer.': 'backbone.blocks.',
    'videomae.layernorm': 'backbone.norm',
    'decoder.decoder_layers.': 'decoder.blocks.',
    'layernorm_before': 'norm1',
    'layernorm_after': 'norm2',
    'attention.output.dense': 'attn.proj',
    'intermediate.dense': 'mlp.fc1',
    'output.dense': 'mlp.fc2',
    'attention.attention.query.bias': 'attn.q_bias',
    'attention.attention.value.bias': 'attn.v_bias',
    'attention.attention': 'attn.qkv',
}


def tensor_of(model, name):
    """Return the tensor of a model that has a name in transformers."""
    for theirs, ours in RENAMED.items():
        name = name.replace(theirs, ours)
    for number, part in enumerate(('query', 'key', 'value')):
        if f'.{part}.' in name:
            return model.state_dict()[name.replace(f'{part}.', '')].chunk(3)[number]
    return model.state_dict()[name]


@pytest.mark.slow
def test_the_loss_equals_that_of_transformers():
    """Their loss normalises in the same way, from the same file names."""
    transformers = pytest.importorskip('transformers')
    cfg = transformers.VideoMAEConfig(
        image_size=(8, 16),
        patch_size=4,
        num_frames=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        decoder_hidden_size=8,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
        layer_norm_eps=1e-6,
        use_mean_pooling=False,
    )
    other = transformers.VideoMAEForPreTraining(cfg).double().eval()
    other.decoder.norm.eps = 1e-6  # 1e-5 there; the authors' is 1e-6
    model = build().eval()
    other.load_state_dict({name: tensor_of(model, name) for name in other.state_dict()})
    views, samples = batch()
    masked = torch.ones(3, 32, dtype=torch.bool)
    for row, sample in zip(masked, samples, strict=True):
        row[sample.visible_tokens] = False
    with torch.no_grad():
        expected = other(views[0].transpose(1, 2), bool_masked_pos=masked).loss
        found = model.loss(views, samples)['loss_pixels']
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
