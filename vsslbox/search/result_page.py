"""The page of a search: one self-contained HTML file whose results play."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from vsslbox.search.neighbours import Neighbour, find_neighbours
from vsslbox.search.pages import make_clips, write_page
from vsslbox.search.small_clips import SmallClip
from vsslbox.search.video_index import VideoIndex
from vsslbox.utils import escaped

__all__ = ['write_result_page']

NAMED = 5  # videos that are not in the page, in a message
MOST_VALUES = 100  # of a label that can be chosen
MOST_RANKED = 5000  # neighbours of a result, which bound the memory


class _Video(NamedTuple):
    """A video of the page; its clip is None if it cannot be read."""

    name: str
    clip: SmallClip | None
    labels: dict[str, str]


def write_result_page(
    path: str | os.PathLike,
    index: VideoIndex,
    query: str,
    own: int | None,
    found: Sequence[Neighbour],
    places: Sequence[int],
    where: Mapping[str, str],
    num_workers: int = 2,
) -> None:
    """Write the page of a search.

    Every result can order the page by its own neighbours among all videos that were searched; the
    page then says which of them it does not hold.

    Args:
        path: The HTML file; missing folders are created.
        index: The index.
        query: The path of the query.
        own: Its place in the index; None if it has none.
        found: The results, the nearest first.
        places: The places of the videos that were searched.
        where: The labels by which they were selected.
        num_workers: The number of processes that make clips.
    """
    held = [neighbour.place for neighbour in found]
    if own is not None and own in places:
        held.append(own)  # near to other videos of the page
    names = [escaped(name) for name in index.names]
    files = [query, *(index.paths[place] for place in held)]
    clips = make_clips([(file, None) for file in files], num_workers)
    videos = [
        _Video(names[place], clips[index.paths[place], None], _labels(index, place))
        for place in held
    ]
    conditions = ''.join(f', {column} = {value}' for column, value in where.items())
    data = dict(
        orders=_orders(index, held, found, places, names),
        labels=[video.labels for video in videos],
    )
    write_page(
        path,
        'results.html',
        ['clips.js', 'results.js'],
        title=f'Videos like {escaped(os.path.basename(query))}',
        summary=f'The {len(found)} nearest of {len(places)} videos{conditions}, by the cosine '
        f'distance of the features of {escaped(index.checkpoint)}.',
        query=_Video(escaped(query) if own is None else names[own], clips[query, None], {}),
        videos=videos,
        filters=_filters(videos),
        data=Markup(json.dumps(data).replace('<', '\\u003c')),
    )


def _labels(index: VideoIndex, place: int) -> dict[str, str]:
    values = {column: values[place] for column, values in index.labels.items()}
    return {column: value for column, value in values.items() if value is not None}


def _filters(videos: Sequence[_Video]) -> dict[str, list[str]]:
    """Return the values of each label that differ among the videos."""
    columns = dict.fromkeys(column for video in videos for column in video.labels)
    values = {c: sorted({v.labels[c] for v in videos if c in v.labels}) for c in columns}
    return {column: few for column, few in values.items() if 1 < len(few) <= MOST_VALUES}


def _orders(
    index: VideoIndex,
    held: Sequence[int],
    found: Sequence[Neighbour],
    places: Sequence[int],
    names: Sequence[str],
) -> dict[str, dict]:
    """Return the order of the page's videos by the query and by each of them, and what to say."""
    item_of = {place: item for item, place in enumerate(held)}
    rest = len(places) - len(held)
    orders = dict(
        query=dict(
            items=_items(found, item_of),
            text=f'This page has no more: the other {rest} videos are not in it.' if rest else '',
        )
    )
    ranked = min(len(places), max(MOST_RANKED, len(found)))
    everything = find_neighbours(index, index.features[held], held, ranked, places)
    for item, neighbours in enumerate(everything):
        nearest = neighbours[: len(found)]
        missing = [n.place for n in nearest if n.place not in item_of]
        text = (
            f'Ordered by the distance to {names[held[item]]}; ranks count all {len(places)} videos '
            f'that were searched. Of its {len(nearest)} nearest, this page holds '
            f'{len(nearest) - len(missing)}.'
        )
        if missing:
            shown = ', '.join(names[place] for place in missing[:NAMED])
            text += f' It does not hold {shown}{", ..." * (len(missing) > NAMED)}.'
        if ranked < len(places):
            text += f' Results beyond its {ranked} nearest are hidden.'
        orders[str(item)] = dict(items=_items(neighbours, item_of), text=text)
    return orders


def _items(
    neighbours: Sequence[Neighbour], item_of: Mapping[int, int]
) -> list[tuple[int, int, str]]:
    """Return item, rank and distance of those neighbours that the page holds."""
    return [
        (item_of[neighbour.place], rank, f'{neighbour.distance:.4f}')
        for rank, neighbour in enumerate(neighbours, start=1)
        if neighbour.place in item_of
    ]
