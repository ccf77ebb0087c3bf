"""Files in the layout of TimeSformer, and what its network computes from them."""

import torch

from tests.foreign import below, layer_norm, values

__all__ = ['NETWORK', 'timesformer', 'timesformer_features']

WIDTH, DEPTH, HEADS = 16, 2, 2
FRAMES, SIDE, PATCH = 3, 2, 8  # a frame has SIDE x SIDE patches
NETWORK = dict(
    num_frames=FRAMES,
    img_size=SIDE * PATCH,
    patch_size=PATCH,
    embed_dims=WIDTH,
    num_heads=HEADS,
    num_transformer_layers=DEPTH,
)


def timesformer(prefix='model.'):
    """Return a file of TimeSformer with divided attention."""
    shapes = {'cls_token': (1, 1, WIDTH), 'time_embed': (1, FRAMES, WIDTH)}
    shapes |= {'pos_embed': (1, 1 + SIDE**2, WIDTH)}
    shapes |= {'patch_embed.proj.weight': (WIDTH, 3, PATCH, PATCH)}
    shapes |= {'patch_embed.proj.bias': (WIDTH,)}
    square = (WIDTH, WIDTH)
    linears = {
        **{f'{kind}.qkv': (3 * WIDTH, WIDTH) for kind in ('attn', 'temporal_attn')},
        **dict.fromkeys(['attn.proj', 'temporal_attn.proj', 'temporal_fc'], square),
        'mlp.fc1': (4 * WIDTH, WIDTH),
        'mlp.fc2': (WIDTH, 4 * WIDTH),
    }
    for i in range(DEPTH):
        for name, shape in linears.items():
            shapes |= {f'blocks.{i}.{name}.weight': shape, f'blocks.{i}.{name}.bias': shape[:1]}
        for name in ('norm1', 'temporal_norm1', 'norm2'):
            shapes |= {f'blocks.{i}.{name}.{kind}': (WIDTH,) for kind in ('weight', 'bias')}
    shapes |= {'norm.weight': (WIDTH,), 'norm.bias': (WIDTH,)}
    shapes |= {'head.weight': (5, WIDTH), 'head.bias': (5,)}
    return dict(epoch=14, model_state=below(prefix, values(shapes)), optimizer_state={}, cfg='')


def timesformer_features(weights, clips):
    """Compute the class token after the last norm, ``[N, D]``, by loops over places and frames."""

    def linear(x, name):
        return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']

    def norm(x, name):
        return layer_norm(x, weights, name)

    def attention(x, name):
        """Attend within a sequence ``[N, L, D]``."""
        size, found = WIDTH // HEADS, []
        query, key, value = linear(x, f'{name}.qkv').split(WIDTH, dim=-1)
        for head in range(HEADS):
            q, k, v = (part[..., head * size : (head + 1) * size] for part in (query, key, value))
            found.append((q @ k.transpose(1, 2) / size**0.5).softmax(-1) @ v)
        return linear(torch.cat(found, -1), f'{name}.proj')

    kernel = weights['patch_embed.proj.weight']
    cut = clips.unfold(3, PATCH, PATCH).unfold(4, PATCH, PATCH)  # [N, C, T, SIDE, SIDE, ...]
    patches = torch.einsum('ncthwij,dcij->nhwtd', cut, kernel).flatten(1, 2)
    patches = patches + weights['patch_embed.proj.bias']  # [N, place, frame, D]
    patches = patches + weights['pos_embed'][0, 1:, None] + weights['time_embed'][:, None]
    token = (weights['cls_token'][0] + weights['pos_embed'][0, :1]).expand(len(clips), -1)
    for i in range(DEPTH):
        block = f'blocks.{i}'
        moved = patches.clone()
        for place in range(SIDE**2):
            x = norm(patches[:, place], f'{block}.temporal_norm1')
            branch = attention(x, f'{block}.temporal_attn')
            moved[:, place] += linear(branch, f'{block}.temporal_fc')
        patches, tokens = moved.clone(), 0
        for frame in range(FRAMES):
            x = torch.cat([token[:, None], moved[:, :, frame]], dim=1)
            branch = attention(norm(x, f'{block}.norm1'), f'{block}.attn')
            patches[:, :, frame] += branch[:, 1:]
            tokens = tokens + branch[:, 0]
        token = token + tokens / FRAMES
        mlp = []
        for x in (token, patches):
            hidden = linear(norm(x, f'{block}.norm2'), f'{block}.mlp.fc1')
            hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2
            mlp.append(x + linear(hidden, f'{block}.mlp.fc2'))
        token, patches = mlp
    return norm(token, 'norm')
