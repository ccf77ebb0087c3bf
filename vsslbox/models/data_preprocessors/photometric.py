"""Photometric augmentation of a batch of clips on any device.

The functions do what the transforms of a single view do in the worker
(``vsslbox.datasets.transforms``), from the same draws, in float32 and without rounding. They take

* clips ``[N, C, T, H, W]`` in RGB, values in [0, 255];
* what the transform drew, every parameter as a float tensor ``[N, 1, ...]`` (one draw a clip) or
  ``[N, T, ...]`` (one a frame),

and return new float32 clips. Whatever has ``on`` = 0 comes out unchanged.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F

from vsslbox.models.data_preprocessors.lab import lab_to_rgb, rgb_to_lab

__all__ = [
    'PHOTOMETRIC',
    'color_jitter',
    'gaussian_blur',
    'grayscale',
    'lab_channel_dropout',
    'rotation',
    'solarize',
]

Params = dict[str, torch.Tensor]

_LAB_NEUTRAL = (50.0, 0.0, 0.0)


def color_jitter(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue as ``ColorJitter`` drew."""
    return _where_on(_jitter, clips, params)


def grayscale(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Replace all channels by grey as ``RandomGrayscale`` drew."""
    return _where_on(lambda clips: _grey(clips).expand_as(clips), clips, params)


def gaussian_blur(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Blur as ``GaussianBlur`` drew."""
    return _where_on(_blur, clips, params)


def lab_channel_dropout(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Make a channel of the CIE Lab colours neutral as ``LabChannelDropout`` drew."""
    return _where_on(_drop_lab_channel, clips, params)


def rotation(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Rotate about the centre as ``RandomRotation`` drew."""
    return _where_on(_rotate, clips, params)


def solarize(clips: torch.Tensor, params: Params) -> torch.Tensor:
    """Replace bright values by their negative as ``Solarize`` drew."""
    return _where_on(_solarize, clips, params)


PHOTOMETRIC: dict[str, Callable[[torch.Tensor, Params], torch.Tensor]] = {
    'ColorJitter': color_jitter,
    'GaussianBlur': gaussian_blur,
    'LabChannelDropout': lab_channel_dropout,
    'RandomGrayscale': grayscale,
    'RandomRotation': rotation,
    'Solarize': solarize,
}
"""The function that applies what the transform of this name drew."""


def _where_on(
    operation: Callable[..., torch.Tensor], clips: torch.Tensor, params: Params
) -> torch.Tensor:
    """Run ``operation`` on all that is switched on.

    Where every frame has its own draw, frames are passed as clips of length 1, so that an
    operation only knows clips ``[M, C, T, H, W]`` with parameters ``[M, ...]``.
    """
    per_frame = params['on'].shape[1] > 1
    units = clips.transpose(1, 2).flatten(0, 1).unsqueeze(2) if per_frame else clips
    rows = {name: values.flatten(0, 1) for name, values in params.items()}
    on = rows.pop('on').bool()
    changed = units.float().clone()
    changed[on] = operation(changed[on], **{name: values[on] for name, values in rows.items()})
    if not per_frame:
        return changed
    return changed.squeeze(2).unflatten(0, (len(clips), -1)).transpose(1, 2)


def _jitter(
    clips: torch.Tensor, order: torch.Tensor, clip_pivot: torch.Tensor, **factors: torch.Tensor
) -> torch.Tensor:
    """Take the four steps; writes into ``clips``, which are ``_where_on``'s own copy.

    Every row has an order of its own: a step runs each adjustment on the rows whose turn it is.
    """
    # All rows come from one config, so they agree on the pivot.
    pivot_dims = (2, 3, 4) if clip_pivot.all() else (3, 4)
    adjustments = (
        ('brightness', _scale_brightness),
        ('contrast', partial(_scale_contrast, pivot_dims=pivot_dims)),
        ('saturation', _scale_saturation),
        ('hue', _shift_hue),
    )
    for step in range(len(adjustments)):
        for number, (name, adjust) in enumerate(adjustments):
            rows = order[:, step] == number
            factor = _per_clip(factors[name][rows])
            clips[rows] = adjust(clips[rows], factor).clamp(0, 255)
    return clips


def _scale_brightness(clips: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    return clips * factor


def _scale_contrast(
    clips: torch.Tensor, factor: torch.Tensor, pivot_dims: tuple[int, ...]
) -> torch.Tensor:
    mean_grey = _grey(clips).mean(pivot_dims, keepdim=True)
    return torch.lerp(mean_grey, clips, factor)


def _scale_saturation(clips: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    return torch.lerp(_grey(clips), clips, factor)


def _shift_hue(clips: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    red, green, blue = clips.split(1, dim=1)
    value = clips.amax(1, keepdim=True)
    chroma = value - clips.amin(1, keepdim=True)
    divisor = chroma.clamp(min=torch.finfo(chroma.dtype).tiny)  # greys have no hue: take 0
    sixths = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    sixths = sixths + 6 * turns

    # Over a turn of the hue, a channel rises from value - chroma to value within one sixth, stays
    # for two, falls within one and stays for two; the channels are a third of a turn apart.
    def channel(offset: int) -> torch.Tensor:
        place = (sixths + offset) % 6
        return value - chroma * torch.minimum(place, 4 - place).clamp(0, 1)

    return torch.cat([channel(5), channel(3), channel(1)], dim=1)


def _blur(
    clips: torch.Tensor, sigma: torch.Tensor, radius: torch.Tensor, zero_border: torch.Tensor
) -> torch.Tensor:
    """Blur with one kernel a clip; narrow ones are filled up with zeros to the widest."""
    if not len(clips):
        return clips
    widest = int(radius.max())
    offsets = torch.arange(-widest, widest + 1, device=clips.device)
    taps = torch.exp(-0.5 * (offsets / sigma[:, None]) ** 2)
    taps = taps * (offsets.abs() <= radius[:, None])
    taps = taps / taps.sum(1, keepdim=True)
    pad = _pad_zeros if zero_border.all() else _pad_mirrored  # all rows come from one config
    for dim in (3, 4):
        clips = _filter(pad(clips, widest, dim), taps, dim)
    return clips


def _pad_mirrored(clips: torch.Tensor, radius: int, dim: int) -> torch.Tensor:
    """Continue ``dim`` by its mirror image, as often as it takes."""
    size = clips.shape[dim]
    period = max(2 * (size - 1), 1)
    places = torch.arange(-radius, size + radius, device=clips.device) % period
    return clips.index_select(dim, torch.minimum(places, period - places))


def _pad_zeros(clips: torch.Tensor, radius: int, dim: int) -> torch.Tensor:
    return F.pad(clips, [0, 0] * (4 - dim) + [radius, radius])


def _filter(padded: torch.Tensor, taps: torch.Tensor, dim: int) -> torch.Tensor:
    """Correlate along ``dim``, padded by R on either side, with ``taps`` ``[M, 2R + 1]``.

    A sum of shifted clips: a grouped convolution with a kernel a clip is many times slower.
    """
    size = padded.shape[dim] - taps.shape[1] + 1
    filtered = torch.zeros_like(padded.narrow(dim, 0, size))
    for shift, tap in enumerate(taps.unbind(1)):
        filtered.addcmul_(padded.narrow(dim, shift, size), _per_clip(tap))
    return filtered


def _solarize(clips: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    return torch.where(clips < _per_clip(threshold), clips, 255 - clips)


def _rotate(clips: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Look up, for every pixel, the place that a turn by ``angle`` degrees brings there."""
    height, width = clips.shape[3:]
    # Places relative to the centre, in pixels; y points down.
    y = torch.arange(height, device=clips.device)[:, None] - (height - 1) / 2
    x = torch.arange(width, device=clips.device) - (width - 1) / 2
    cos = angle.deg2rad().cos()[:, None, None]
    sin = angle.deg2rad().sin()[:, None, None]
    # grid_sample counts from -1 at the outer edge of the first pixel to 1 at that of the last.
    grid = torch.stack(
        [(x * cos - y * sin) * (2 / width), (x * sin + y * cos) * (2 / height)], dim=-1
    )
    turned = F.grid_sample(clips.flatten(1, 2), grid, align_corners=False)
    return turned.view_as(clips)


def _drop_lab_channel(clips: torch.Tensor, channel: torch.Tensor) -> torch.Tensor:
    lab = list(rgb_to_lab(clips))
    for number, neutral in enumerate(_LAB_NEUTRAL):
        lab[number] = torch.where(_per_clip(channel) == number, neutral, lab[number])
    return lab_to_rgb(*lab)


def _grey(clips: torch.Tensor) -> torch.Tensor:
    red, green, blue = clips.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _per_clip(values: torch.Tensor) -> torch.Tensor:
    """Give values ``[M]`` the shape in which they multiply clips ``[M, C, T, H, W]``."""
    return values.view(-1, 1, 1, 1, 1)
