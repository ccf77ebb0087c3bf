"""Files of transformers give the features that its own networks compute from them."""

import json
import re

import pytest
import torch

from vsslbox.checkpoints import CheckpointError, load_weights
from vsslbox.models.backbones import ImageViT, VideoViT
from vsslbox.models.selfsup import VideoMAE

pytestmark = pytest.mark.slow
safetensors = pytest.importorskip('safetensors.torch')
SIZES = dict(embed_dims=24, depth=2, num_heads=2)
CLIP = dict(img_size=32, num_frames=4, patch_size=8)
THEIRS = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=2, patch_size=8)
VIDEOMAE = dict(
    THEIRS,
    image_size=32,
    num_frames=4,
    intermediate_size=96,
    decoder_hidden_size=12,
    decoder_num_hidden_layers=1,
    decoder_num_attention_heads=2,
    decoder_intermediate_size=48,
    use_mean_pooling=False,
)
VJEPA2 = dict(
    THEIRS,
    crop_size=32,
    frames_per_clip=4,
    mlp_ratio=4,
    pred_hidden_size=24,
    pred_num_attention_heads=2,
    pred_num_hidden_layers=1,
    pred_num_mask_tokens=2,
    num_pooler_layers=1,
    num_labels=3,
)
DINO = dict(THEIRS, image_size=32)
DINOV3 = dict(DINO, intermediate_size=96, num_register_tokens=2)


def saved(tmp_path, kind, config, **settings):
    """Return a network with random values in all tensors, and its file."""
    transformers = pytest.importorskip('transformers')
    torch.manual_seed(0)
    network = getattr(transformers, kind)(getattr(transformers, config)(**settings)).eval()
    for parameter in network.parameters():
        parameter.data = 0.3 * torch.randn_like(parameter) + (parameter.ndim == 1) * 0.5
    network.save_pretrained(tmp_path)
    return network, tmp_path / 'model.safetensors'


def clips(frames=4, height=32, width=32):
    shape = (2, frames, 3, height, width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def assert_same(backbone, inputs, tokens):
    backbone.eval()
    with torch.no_grad():
        found = backbone(inputs).flatten(2).transpose(1, 2)
    torch.testing.assert_close(found, tokens, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('spelling', ['query.bias', 'q_bias'])
def test_videomae(tmp_path, spelling):
    """Its files on the hub have the older names of the biases."""
    network, path = saved(tmp_path, 'VideoMAEForPreTraining', 'VideoMAEConfig', **VIDEOMAE)
    if spelling == 'q_bias':
        older = {
            re.sub(r'\b(q|v)(uery|alue)\.bias$', r'\1_bias', name): weight
            for name, weight in safetensors.load_file(path).items()
        }
        assert 'videomae.encoder.layer.1.attention.attention.v_bias' in older
        safetensors.save_file(older, path, metadata={'format': 'pt'})
    backbone = VideoViT(**SIZES, **CLIP, qkv_bias='no_key', norm_eps=1e-12)
    report = load_weights(backbone, path)
    assert not report.missing
    assert list(report.known) == ['the decoder', 'the token of masked patches']
    with torch.no_grad():
        tokens = network.videomae(clips()).last_hidden_state
    assert_same(backbone, clips().transpose(1, 2), tokens)


def test_videomae_goes_on_from_its_pretraining(tmp_path):
    _, path = saved(tmp_path, 'VideoMAEForPreTraining', 'VideoMAEConfig', **VIDEOMAE)
    decoder = dict(type='PixelDecoder', embed_dims=12, depth=1, num_heads=2, out_channels=384)
    backbone = dict(type='VideoViT', qkv_bias='no_key', **SIZES, **CLIP)
    loss = dict(type='MaskedPixelLoss')
    model = VideoMAE(backbone, decoder, loss)
    report = load_weights(model, path)
    assert not report.missing and not report.unused
    weights = safetensors.load_file(path)
    layer = 'decoder.decoder_layers.0'
    keys = weights[f'{layer}.attention.attention.key.weight']
    assert torch.equal(model.decoder.blocks[0].attn.qkv.weight[12:24], keys)
    assert torch.equal(model.mask_token, weights['mask_token'])


def test_videomae_with_classes(tmp_path):
    settings = dict(VIDEOMAE, use_mean_pooling=True)
    network, path = saved(tmp_path, 'VideoMAEForVideoClassification', 'VideoMAEConfig', **settings)
    backbone = VideoViT(**SIZES, **CLIP, qkv_bias='no_key', norm_eps=1e-12, final_norm=False)
    report = load_weights(backbone, path)
    assert list(report.known) == ['the classifier', 'the norm of the pooled features']
    with torch.no_grad():
        tokens = network.videomae(clips()).last_hidden_state
    assert_same(backbone, clips().transpose(1, 2), tokens)


def test_vjepa_2(tmp_path):
    network, path = saved(tmp_path, 'VJEPA2ForVideoClassification', 'VJEPA2Config', **VJEPA2)
    backbone = VideoViT(**SIZES, **CLIP, position='rope')
    report = load_weights(backbone, path)
    assert not report.missing
    assert sorted(report.known) == ['the attentive probe', 'the classifier', 'the predictor']
    with torch.no_grad():
        tokens = network.vjepa2(clips(), skip_predictor=True).last_hidden_state
    assert_same(backbone, clips().transpose(1, 2), tokens)


def hub_dino(weights):
    """Return the weights under the names of DINOv2's files on the hub."""
    rules = [(r'attention\.(q|k|v)_proj', r'attention.attention.\1'), (r'\.q\.', '.query.')]
    rules += [(r'\.k\.', '.key.'), (r'\.v\.', '.value.')]
    rules += [(r'attention\.o_proj', 'attention.output.dense')]
    found = {}
    for name, weight in weights.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        found[name] = weight
    return found


@pytest.mark.parametrize('on_hub', [False, True])
@pytest.mark.parametrize('registers', [0, 2])
def test_dinov2(tmp_path, registers, on_hub):
    """With registers also for images of another size, where transformers follows the authors."""
    kind = 'Dinov2WithRegisters' if registers else 'Dinov2'
    more = dict(num_register_tokens=registers) if registers else {}
    network, path = saved(tmp_path, f'{kind}Model', f'{kind}Config', **DINO, **more)
    if on_hub:
        weights = hub_dino(safetensors.load_file(path))
        assert 'encoder.layer.0.attention.attention.query.bias' in weights
        safetensors.save_file(weights, path, metadata={'format': 'pt'})
    backbone = ImageViT(**SIZES, img_size=32, patch_size=8, num_registers=registers)
    report = load_weights(backbone, path)
    assert list(report.known) == ['the token of masked patches'] and not report.missing
    for width in (32, 48) if registers else (32,):
        images = clips(1, 32, width)[:, 0]
        with torch.no_grad():
            tokens = network(images).last_hidden_state[:, 1 + registers :]
        assert_same(backbone, images, tokens)


def test_dinov3(tmp_path):
    network, path = saved(tmp_path, 'DINOv3ViTModel', 'DINOv3ViTConfig', **DINOV3)
    cfg = dict(num_registers=2, position='rope', qkv_bias='no_key', norm_eps=1e-5)
    backbone = ImageViT(**SIZES, patch_size=8, **cfg)
    report = load_weights(backbone, path)
    assert list(report.known) == ['the token of masked patches'] and not report.missing
    images = clips(1, 32, 48)[:, 0]
    with torch.no_grad():
        tokens = network(images).last_hidden_state[:, 3:]
    assert_same(backbone, images, tokens)


def test_a_key_without_its_query_is_not_joined(tmp_path):
    _, path = saved(tmp_path, 'VJEPA2Model', 'VJEPA2Config', **VJEPA2)
    weights = safetensors.load_file(path)
    del weights['encoder.layer.1.attention.query.weight']
    safetensors.save_file(weights, path)
    with pytest.raises(CheckpointError, match=r'missing +2  blocks\.1\.attn\.qkv\.weight'):
        load_weights(VideoViT(**SIZES, **CLIP, position='rope'), path)


def test_a_file_cut_short_is_refused(tmp_path):
    _, path = saved(tmp_path, 'VJEPA2Model', 'VJEPA2Config', **VJEPA2)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], 'little')])
    assert 'encoder.layernorm.weight' in header
    for damaged in (content[:-100], content[:50], b''):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match='damaged, cut short or not a checkpoint'):
            load_weights(VideoViT(**SIZES, **CLIP, position='rope'), path)
