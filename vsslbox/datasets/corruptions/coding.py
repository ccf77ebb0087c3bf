"""Frames that a codec has encoded and decoded again, in memory."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

__all__ = ['code_h264', 'code_mpeg4', 'lose_packets']

RATE = 25  # frames per second, which the rate control of a constant quality does not depend on
KEY_INTERVAL = 32  # frames
SLICES = 4  # of a frame that may get lost alone
X264 = {'bf': '0', 'g': str(KEY_INTERVAL), 'preset': 'fast', 'threads': '1'}
START = b'\x00\x00\x01'  # of a unit of a byte stream
FIRST_SLICE, KEY_SLICE = 1, 5  # types of units


def code_h264(
    frames: Sequence[np.ndarray], rate_factor: int, video: np.random.Generator
) -> list[np.ndarray]:
    """Encode by x264 with a constant rate factor, from 0 (lossless) to 51."""
    packets = _encode('libx264', frames, {**X264, 'crf': str(rate_factor)})
    return _decode('h264', packets, frames)


def code_mpeg4(
    frames: Sequence[np.ndarray], quantiser: int, video: np.random.Generator
) -> list[np.ndarray]:
    """Encode as MPEG-4 part 2 with a constant quantiser, from 1 to 31."""
    options = {'qmin': str(quantiser), 'qmax': str(quantiser), 'g': str(KEY_INTERVAL), 'bf': '0'}
    return _decode('mpeg4', _encode('mpeg4', frames, {**options, 'threads': '1'}), frames)


def lose_packets(
    frames: Sequence[np.ndarray], probability: float, video: np.random.Generator
) -> list[np.ndarray]:
    """Encode by x264 with 4 slices a frame, lose or damage slices, and decode what is left.

    A slice is hit with the given probability. Half of those that are hit are lost, the others have
    random bytes from a random place on. The first frame arrives. FFmpeg's decoder conceals
    what is missing; a frame that it gives up shows the one before.
    """
    packets = _encode('libx264', frames, {**X264, 'crf': '23', 'slices': str(SLICES)})
    hit = [packets[0]]
    seeds = video.integers(2**63, size=len(packets) - 1).tolist()
    for packet, seed in zip(packets[1:], seeds, strict=True):
        hit.append(_damage(packet, probability, np.random.default_rng(seed)))
    return _decode('h264', hit, frames)


def _damage(packet: bytes, probability: float, rng: np.random.Generator) -> bytes:
    first, *units = packet.split(START)
    left = [first]
    draws = rng.random((len(units), 3))
    for unit, (drawn, is_lost, place) in zip(units, draws, strict=True):
        if drawn >= probability or unit[0] & 31 not in (FIRST_SLICE, KEY_SLICE):
            left.append(unit)
        elif is_lost > 0.5:
            # Its header of a few bytes stays, so that the decoder knows which slice it is.
            kept = 8 + int(place * max(0, len(unit) - 8))
            left.append(unit[:kept] + rng.bytes(max(0, len(unit) - kept)))
    return START.join(left)


def _encode(codec: str, frames: Sequence[np.ndarray], options: dict[str, str]) -> list[bytes]:
    """Return a packet for each frame, uint8 ``[H, W, 3]``; an odd side is made even."""
    context = av.CodecContext.create(codec, 'w')
    assert isinstance(context, VideoCodecContext)
    height, width = (side + side % 2 for side in frames[0].shape[:2])
    context.width, context.height, context.pix_fmt = width, height, 'yuv420p'
    context.framerate, context.time_base = Fraction(RATE), Fraction(1, RATE)
    context.options = options
    if 'qmin' in options:
        context.qmin = context.qmax = int(options['qmin'])
    packets = []
    for number, frame in enumerate(frames):
        bottom, right = height - frame.shape[0], width - frame.shape[1]
        even: np.ndarray = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        picture = av.VideoFrame.from_ndarray(even, format='rgb24').reformat(format='yuv420p')
        picture.pts, picture.time_base = number, context.time_base
        packets += context.encode(picture)
    packets += context.encode(None)
    return [bytes(packet) for packet in packets]


def _decode(codec: str, packets: list[bytes], frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Decode packets; a frame that is missing shows the one before."""
    decoded = dict(_decoded(codec, packets))
    height, width = frames[0].shape[:2]
    shown: list[np.ndarray] = []
    for number in range(len(frames)):
        shown.append(decoded[number][:height, :width] if number in decoded else shown[-1])
    return shown


def _decoded(codec: str, packets: list[bytes]) -> Iterator[tuple[int, np.ndarray]]:
    context = av.CodecContext.create(codec, 'r')
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1
    for number, data in enumerate([*packets, None]):
        packet = None
        if data is not None:
            if not data:
                continue
            packet = av.Packet(len(data))  # with the zeros after its end that decoders count on
            packet.update(data)
            packet.pts, packet.time_base = number, Fraction(1, RATE)
        try:
            pictures = context.decode(packet)
        except av.error.FFmpegError:  # of a damaged packet
            continue
        for picture in pictures:
            if picture.pts is not None:
                yield picture.pts, picture.to_ndarray(format='rgb24')
