"""Files in the layout of SlowFast's MaskFeat, and what its MViT computes from them."""

import math

import torch
import torch.nn.functional as F

from tests.foreign import layer_norm, values

__all__ = ['ARCH', 'CLIP', 'maskfeat', 'maskfeat_shapes', 'mvit_features']

ARCH = dict(
    embed_dims=8, num_layers=5, num_heads=1, downscale_indices=[1, 3], dim_mul_indices=[1, 3, 4]
)
CLIP = dict(temporal_size=4, spatial_size=32)


def blocks_of(arch, rows):
    """Return for each block the widths before and after, heads, rows, strides of q and of k, v."""
    width, heads, stride_kv = arch['embed_dims'], arch['num_heads'], 8
    found = []
    for i in range(arch['num_layers']):
        heads *= 2 if i in arch['dim_mul_indices'] else 1
        width_out = width * 2 if i + 1 in arch['dim_mul_indices'] else width
        stride = 2 if i in arch['downscale_indices'] else 1
        stride_kv = max(stride_kv // stride, 1)
        found.append((width, width_out, heads, rows, stride, stride_kv))
        width, rows = width_out, rows // stride
    return found


def linear_shapes(name, width_in, width_out):
    return {f'{name}.weight': (width_out, width_in), f'{name}.bias': (width_out,)}


def norm_shapes(name, width):
    return {f'{name}.weight': (width,), f'{name}.bias': (width,)}


def maskfeat(separate=False):
    """Return a file of MaskFeat's pretraining, with one projection to q, k and v or three."""
    weights = values(maskfeat_shapes(ARCH, CLIP, separate))
    return dict(epoch=299, model_state=weights, optimizer_state=dict(state={}), cfg='')


def maskfeat_shapes(arch, clip, separate=False):
    """Return the names of the tensors of such a file with their shapes."""
    width = arch['embed_dims']
    head = width // arch['num_heads']
    times, side = clip['temporal_size'] // 2, clip['spatial_size'] // 4
    shapes = {'cls_token': (1, 1, width), 'mask_token': (1, 1, width)}
    shapes |= {'patch_embed.proj.weight': (width, 3, 3, 7, 7), 'patch_embed.proj.bias': (width,)}
    for i, (width, width_out, _, rows, stride, stride_kv) in enumerate(blocks_of(arch, side)):
        parts = norm_shapes('norm1', width) | norm_shapes('norm2', width)
        if separate:
            for part in 'qkv':
                parts |= linear_shapes(f'attn.{part}', width, width)
        else:
            parts |= linear_shapes('attn.qkv', width, 3 * width)
        for part in 'qkv':
            parts |= {f'attn.pool_{part}.weight': (head, 1, 3, 3, 3)}
            parts |= norm_shapes(f'attn.norm_{part}', head)
        distances = 2 * max(rows // stride, rows // stride_kv) - 1
        parts |= dict.fromkeys(['attn.rel_pos_h', 'attn.rel_pos_w'], (distances, head))
        parts |= {'attn.rel_pos_t': (2 * times - 1, head)}
        parts |= linear_shapes('attn.proj', width, width)
        parts |= linear_shapes('mlp.fc1', width, 4 * width)
        parts |= linear_shapes('mlp.fc2', 4 * width, width_out)
        if width != width_out:
            parts |= linear_shapes('proj', width, width_out)
        shapes |= {f'blocks.{i}.{name}': shape for name, shape in parts.items()}
    shapes |= norm_shapes('pred_head.transforms.0.0', width_out)
    shapes |= linear_shapes('pred_head.projections.0', width_out, 108)
    return shapes | dict.fromkeys(['hogs.0.weight_x', 'hogs.0.weight_y'], (3, 1, 3, 3))


def mvit_features(weights, clips):
    """Compute the normalised tokens of the last block, ``[N, D, T', H', W']``, by its names."""

    size = ARCH['embed_dims'] // ARCH['num_heads']  # dimensions of a head

    def linear(x, name):
        return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']

    def norm(x, name):
        return layer_norm(x, weights, name)

    def pooled(tokens, grid, pool):
        """Pool tokens ``[N, 1 + L, D]``; the class token, the first one, is left as it is."""
        maps = pool(tokens[:, 1:].transpose(1, 2).unflatten(2, grid))
        return torch.cat([tokens[:, :1], maps.flatten(2).transpose(1, 2)], 1), maps.shape[2:]

    def attention(x, grid, block, heads, stride, stride_kv):
        if f'{block}.qkv.weight' in weights:
            projected = linear(x, f'{block}.qkv').chunk(3, dim=-1)
        else:
            projected = [linear(x, f'{block}.{part}') for part in 'qkv']
        found = []
        for head in range(heads):
            parts, grids = {}, {}
            for part, whole in zip('qkv', projected, strict=True):
                step = (1, stride, stride) if part == 'q' else (1, stride_kv, stride_kv)
                kernel = weights[f'{block}.pool_{part}.weight']
                own, grids[part] = pooled(
                    whole[..., head * size : (head + 1) * size],
                    grid,
                    lambda x, kernel=kernel, step=step: F.conv3d(
                        x, kernel, stride=step, padding=1, groups=size
                    ),
                )
                parts[part] = norm(own, f'{block}.norm_{part}')
            scores = parts['q'] @ parts['k'].transpose(1, 2) / math.sqrt(size)
            table = relative_positions(weights, block, grids['q'], grids['k'])
            scores[:, 1:, 1:] += torch.einsum('nqd,qkd->nqk', parts['q'][:, 1:], table)
            values = scores.softmax(-1) @ parts['v']
            values[:, 1:] += parts['q'][:, 1:]
            found.append(values)
        return linear(torch.cat(found, -1), f'{block}.proj'), grids['q']

    kernel, bias = weights['patch_embed.proj.weight'], weights['patch_embed.proj.bias']
    maps = F.conv3d(clips, kernel, bias, stride=(2, 4, 4), padding=(1, 3, 3))
    grid, tokens = maps.shape[2:], maps.flatten(2).transpose(1, 2)
    tokens = torch.cat([weights['cls_token'].expand(len(clips), -1, -1), tokens], 1)
    for i, (width, width_out, heads, rows, stride, stride_kv) in enumerate(blocks_of(ARCH, 8)):
        assert grid == (2, rows, rows)
        block = f'blocks.{i}'
        x = norm(tokens, f'{block}.norm1')
        branch, new_grid = attention(x, grid, f'{block}.attn', heads, stride, stride_kv)
        if stride > 1:
            tokens, _ = pooled(
                tokens, grid, lambda x: F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
            )
        tokens, grid = tokens + branch, new_grid
        x = norm(tokens, f'{block}.norm2')
        hidden = linear(x, f'{block}.mlp.fc1')
        branch = linear(hidden * (1 + torch.erf(hidden / 2**0.5)) / 2, f'{block}.mlp.fc2')
        tokens = branch + (tokens if width == width_out else linear(x, f'{block}.proj'))
    tokens = norm(tokens, 'pred_head.transforms.0.0')[:, 1:]
    return tokens.transpose(1, 2).unflatten(2, grid)


def relative_positions(weights, block, queries, keys):
    """Return the sum of the rows of the three tables for each query and key, ``[Q, K, D]``."""
    places = [
        [(t, y, x) for t in range(grid[0]) for y in range(grid[1]) for x in range(grid[2])]
        for grid in (queries, keys)
    ]
    width = weights[f'{block}.rel_pos_t'].shape[1]
    found = torch.zeros(len(places[0]), len(places[1]), width).double()
    for i, query in enumerate(places[0]):
        for j, key in enumerate(places[1]):
            for axis, name in enumerate('thw'):
                length, length_k = queries[axis], keys[axis]
                place = query[axis] * max(length_k / length, 1)
                distance = place + (length_k - 1 - key[axis]) * max(length / length_k, 1)
                found[i, j] += weights[f'{block}.rel_pos_{name}'][int(distance)]
    return found
