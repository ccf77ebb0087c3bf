"""Methods on several clips of a video, compared with literal loops in float64."""

import math
from itertools import pairwise

import pytest
import torch
from mmengine.dist import get_rank, get_world_size

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM
from vsslbox.errors import InputError
from vsslbox.models.losses import (
    SwappedPredictionLoss,
    cosine_regression,
    sinkhorn,
    swapped_prediction,
)
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

RHO, BATCH, FRAMES, SIZE, WIDTH = 3, 4, 4, 16, 8
TEMPERATURE, EPSILON, PROTOTYPES = 0.1, 0.05, 6
NECK = dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=WIDTH)
MLP = dict(NECK, norm_cfg=dict(type='BN1d'))
CONFIGS = dict(
    RhoMoCo=dict(
        neck=NECK,
        head=dict(
            type='QueueContrastHead',
            queue=dict(type='FeatureQueue', size=24, channels=WIDTH),
            loss=dict(type='InfoNCELoss', temperature=TEMPERATURE),
        ),
        momentum=0.9,
    ),
    BYOL=dict(
        neck=NECK,
        predictor=dict(NECK, in_channels=WIDTH),
        loss=dict(type='CosineRegressionLoss'),
        momentum=0.9,
    ),
    RhoSimCLR=dict(neck=NECK, loss=dict(type='NTXentLoss', reduction='mean')),
    SwAV=dict(
        neck=NECK,
        loss=dict(type='SwappedPredictionLoss', temperature=TEMPERATURE, epsilon=EPSILON),
        channels=WIDTH,
        num_prototypes=PROTOTYPES,
    ),
)


def build(name, norm_cfg=GROUP_NORM, **changes):
    torch.manual_seed(0)
    backbone = dict(type='R3DResNet', depth=18, base_channels=4, norm_cfg=norm_cfg)
    model = MODELS.build({'type': name, 'backbone': backbone, **CONFIGS[name], **changes})
    model.init_weights()
    with torch.no_grad():  # an average that differs from the online network
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.startswith('momentum_'):
                parameter.add_(torch.randn_like(parameter) * 0.05)
    return model.double()


def views(count=RHO, batch=BATCH, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 3, FRAMES, SIZE, SIZE)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(count)]


def unit(row):
    norm = math.sqrt(sum(x * x for x in row))
    return [x / norm for x in row]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def softmax_loss(positive, negatives):
    scores = [score / TEMPERATURE for score in (positive, *negatives)]
    return math.log(sum(math.exp(score) for score in scores)) - scores[0]


def embed(model, clip, prefix='', predict=False):
    """Embed one clip ``[C, T, H, W]`` as a list of unit length."""
    necks = f'{prefix}necks'
    neck = (
        getattr(model, necks)['contrast']
        if hasattr(model, necks)
        else model.get_submodule(f'{prefix}neck')
    )
    embedding = neck(model.get_submodule(f'{prefix}backbone')(clip[None]).mean(dim=(2, 3, 4)))
    return unit((model.predictor(embedding) if predict else embedding)[0].tolist())


def embed_all(model, clips, **kwargs):
    """Embed all clips: a list of the views, each a list of the videos."""
    return [[embed(model, clip, **kwargs) for clip in view] for view in clips]


def sinkhorn_by_loops(scores):
    """The authors' form: alternate between all prototypes and all samples."""
    codes = [[math.exp(score / EPSILON) for score in row] for row in scores]
    for _ in range(3):
        for k in range(len(codes[0])):
            total = sum(row[k] for row in codes)
            for row in codes:
                row[k] /= total * len(codes[0])
        for row in codes:
            total = sum(row)
            row[:] = [value / (total * len(codes)) for value in row]
    return [[value / sum(row) for value in row] for row in codes]


def moco(model, clips):
    queue = model.heads['contrast'].queue.features.tolist()
    queries, keys = embed_all(model, clips), embed_all(model, clips, prefix='momentum_')
    return sum(
        softmax_loss(dot(queries[q][i], keys[k][i]), [dot(queries[q][i], n) for n in queue])
        / ((RHO - 1) * BATCH)
        for q in range(RHO)
        for k in range(RHO)
        if k != q
        for i in range(BATCH)
    )


def byol(model, clips):
    predictions = embed_all(model, clips, predict=True)
    targets = embed_all(model, clips, prefix='momentum_')
    return sum(
        (2 - 2 * dot(predictions[q][i], targets[k][i])) / ((RHO - 1) * BATCH)
        for q in range(RHO)
        for k in range(RHO)
        if k != q
        for i in range(BATCH)
    )


def simclr(model, clips):
    total = 0.0
    for first, second in pairwise(embed_all(model, clips)):
        both = first + second
        for i, anchor in enumerate(both):
            positive = (i + BATCH) % (2 * BATCH)
            others = [dot(anchor, z) for k, z in enumerate(both) if k not in (i, positive)]
            total += softmax_loss(dot(anchor, both[positive]), others) / (2 * BATCH)
    return total


def swav(model, clips):
    prototypes = model.prototypes.weight.tolist()
    scores = [[[dot(z, c) for c in prototypes] for z in view] for view in embed_all(model, clips)]
    total = 0.0
    for coded in range(2):
        codes = sinkhorn_by_loops(scores[coded])
        for other in range(RHO):
            if other == coded:
                continue
            for code, row in zip(codes, scores[other], strict=True):
                norm = math.log(sum(math.exp(score / TEMPERATURE) for score in row))
                cross = -sum(
                    q * (score / TEMPERATURE - norm) for q, score in zip(code, row, strict=True)
                )
                total += cross / (2 * (RHO - 1) * BATCH)
    return total


LITERAL = dict(RhoMoCo=moco, BYOL=byol, RhoSimCLR=simclr, SwAV=swav)


@pytest.mark.parametrize('name', CONFIGS)
def test_the_loss_equals_literal_loops(name):
    model, clips = build(name), views()
    expected = LITERAL[name](model, clips)
    (loss,) = model(clips, [], mode='loss').values()
    assert loss.item() == pytest.approx(expected, rel=1e-10)


def backward_for_each_clip(name, model, clips):
    """Accumulate gradients by one backward pass for each clip (or pair), as the authors do."""

    def project(view):
        features = encode_clips(model.backbone, view)
        return model.project('contrast', features) if name == 'RhoMoCo' else model.neck(features)

    if name == 'RhoSimCLR':
        for pair in pairwise(clips):
            model.criterion(*map(project, pair)).backward()
        return
    with torch.no_grad():
        features = encode_clips(model.momentum_backbone, torch.cat(clips))
        if name == 'RhoMoCo':
            keys = model.project_keys('contrast', features).chunk(RHO)
        else:
            keys = model.momentum_neck(features).chunk(RHO)
    for number, view in enumerate(clips):
        others = [key for place, key in enumerate(keys) if place != number]
        query = project(view)
        if name == 'RhoMoCo':
            head = model.heads['contrast']
            loss = head.criterion(torch.cat([query] * 2), torch.cat(others), head.queue.features)
        else:
            prediction = model.predictor(query)
            loss = sum(cosine_regression(prediction, other) for other in others) / len(others)
        loss.backward()


@pytest.mark.parametrize('name', ['RhoMoCo', 'BYOL', 'RhoSimCLR'])
def test_the_gradient_is_that_of_one_backward_pass_for_each_clip(name):
    """With BatchNorm, whose statistics are those of each clip."""
    changes = dict(norm_cfg=dict(type='BN3d'), neck=MLP)
    if name == 'BYOL':
        changes['predictor'] = dict(MLP, in_channels=WIDTH)
    one, each = (build(name, **changes) for _ in range(2))
    clips = views()
    sum(one(clips, [], mode='loss').values()).backward()
    backward_for_each_clip(name, each, clips)
    expected = {n: p.grad for n, p in each.named_parameters() if p.requires_grad}
    for parameter_name, parameter in one.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(
                parameter.grad,
                expected[parameter_name],
                rtol=1e-8,
                atol=1e-10,
                msg=parameter_name,
            )
    if name != 'RhoSimCLR':  # whose middle clips the loop encodes twice
        for buffer_name, buffer in one.named_buffers():
            torch.testing.assert_close(buffer, each.get_buffer(buffer_name), msg=buffer_name)


def test_all_keys_enter_the_queue_once():
    model, clips = build('RhoMoCo'), views()
    keys = embed_all(model, clips, prefix='momentum_')
    model(clips, [], mode='loss')
    model.update_after_step()
    queue = model.heads['contrast'].queue
    assert queue.pointer == RHO * BATCH
    entered = torch.tensor([key for view in keys for key in view])
    torch.testing.assert_close(queue.features[: RHO * BATCH], entered, check_dtype=False)


def test_targets_have_no_gradient_and_follow():
    model, clips = build('BYOL'), views()
    before = {n: p.clone() for n, p in model.named_parameters() if n.startswith('momentum_')}
    online = dict(model.named_parameters())
    sum(model(clips, [], mode='loss').values()).backward()
    assert all(online[name].grad is None for name in before)
    model.update_after_step()
    for name, old in before.items():
        expected = 0.9 * old + 0.1 * online[name.removeprefix('momentum_')]
        torch.testing.assert_close(online[name], expected)


def test_prototypes_are_frozen_at_first_and_keep_unit_length():
    model, clips = build('SwAV', frozen_steps=2), views()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9, weight_decay=0.01)
    start = model.prototypes.weight.detach().clone()
    losses, moved = [], []
    for _ in range(3):
        loss = model(clips, [], mode='loss')['loss_swapped']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
        losses.append(loss.item())
        prototypes = model.prototypes.weight.detach()
        moved.append((prototypes - start).abs().max().item())
        torch.testing.assert_close(prototypes.norm(dim=1), torch.ones(PROTOTYPES).double())
    assert max(moved[:2]) < 1e-6 < 1e-3 < moved[2]  # drawn in float32
    assert losses[1] != losses[0]
    assert model.steps == 3


def test_a_resumed_run_goes_on_with_its_steps():
    model = build('SwAV', frozen_steps=2)
    model.update_after_step()
    other = build('SwAV', frozen_steps=2)
    other.load_state_dict(model.state_dict())
    assert other.steps == 1


def test_codes_use_all_prototypes_equally():
    """Many turns end at the marginals, however one-sided the scores are."""
    scores = torch.randn(12, PROTOTYPES, dtype=torch.float64) * 0.1
    scores[:, 0] += 1
    codes = sinkhorn(scores, EPSILON, num_iterations=500)
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(12).double())
    expected = torch.full((PROTOTYPES,), 12 / PROTOTYPES).double()
    torch.testing.assert_close(codes.sum(dim=0), expected, rtol=1e-3, atol=0)


def test_codes_of_far_scores_are_finite():
    """exp(1 / 0.001) would overflow."""
    codes = sinkhorn(torch.eye(3), epsilon=0.001)
    torch.testing.assert_close(codes, torch.eye(3))


def test_losses_are_float32_under_autocast():
    scores = [torch.randn(BATCH, PROTOTYPES) for _ in range(2)]
    prediction, target = torch.randn(2, BATCH, WIDTH)
    expected = swapped_prediction(scores), cosine_regression(prediction, target)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert swapped_prediction(scores) == expected[0]
        assert cosine_regression(prediction, target) == expected[1]
        assert cosine_regression(prediction.bfloat16(), target).dtype == torch.float32


def test_scores_of_prototypes_are_float32_under_autocast(monkeypatch):
    model, clips = build('SwAV').float(), views()
    embeddings = {id(view): torch.randn(BATCH, WIDTH) for view in clips}
    monkeypatch.setattr(model, 'embed', lambda view: embeddings[id(view)])
    expected = model(clips, [], mode='loss')['loss_swapped']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert model(clips, [], mode='loss')['loss_swapped'] == expected


def swapped_on_processes():
    """The loss and its gradient, as DistributedDataParallel averages it."""
    torch.manual_seed(0)
    weight = torch.randn(5, PROTOTYPES, dtype=torch.float64, requires_grad=True)
    inputs = torch.randn(2, BATCH, 5, dtype=torch.float64).chunk(get_world_size(), dim=1)
    loss = swapped_prediction([view @ weight for view in inputs[get_rank()]])
    loss.backward()
    return loss.detach(), weight.grad


def test_codes_are_those_of_all_processes():
    (loss, gradient), two = swapped_on_processes(), run_on_processes(swapped_on_processes, 2)
    assert two[0][0] != two[1][0]
    for place, expected in enumerate((loss, gradient)):
        mean = (two[0][place] + two[1][place]) / 2
        torch.testing.assert_close(mean, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('name', CONFIGS)
def test_a_single_clip_is_refused(name):
    with pytest.raises(InputError, match=rf'{name} takes at least 2 views, got 1.*SampleRandomSp'):
        build(name)(views(1), [], mode='loss')


def test_wrong_values_are_refused():
    with pytest.raises(InputError, match='frozen_steps must not be negative, got -1'):
        build('SwAV', frozen_steps=-1)
    with pytest.raises(InputError, match='temperature and epsilon must be positive'):
        SwappedPredictionLoss(epsilon=0)
    with pytest.raises(InputError, match='must be at least 1, got 0 and 2'):
        SwappedPredictionLoss(num_iterations=0)
