"""Near-duplicates among the videos of an evaluation, which make its figures doubtful."""

from dataclasses import dataclass

from vsslbox.evaluation import FeatureSet
from vsslbox.search import near_duplicates

__all__ = ['Duplicates', 'duplicates_of_queries']


@dataclass(frozen=True)
class Duplicates:
    """Queries and the near-duplicates that they can find.

    Attributes:
        pairs: Index of the query, index in the gallery and score of each pair, the best first.
        queries: The number of queries that have one.
        text: What is wrong, and what to do.
    """

    pairs: list[tuple[int, int, float]]
    queries: int
    text: str


def duplicates_of_queries(
    queries: FeatureSet, gallery: FeatureSet, group: str | None = None
) -> Duplicates | None:
    """Find the queries that have a near-duplicate in their gallery; None if there are none.

    Args:
        queries: The queries, whose files are videos.
        gallery: The gallery; if it is the queries themselves, no video is its own duplicate.
        group: A column; videos of one value do not find each other, so that they may be alike.
    """
    files, gallery_files = queries.files, gallery.files
    if files is None or gallery_files is None:
        raise ValueError('near-duplicates are sought among files, which these features lack')
    groups: list[list] = [[None] * len(videos) for videos in (queries, gallery)]
    if group is not None:
        groups = [videos.column(group) for videos in (queries, gallery)]
    pairs = [
        (query, found, score)
        for query, found, score in near_duplicates(files, gallery_files)
        if files[query] != gallery_files[found]
        and (group is None or groups[0][query] != groups[1][found])
    ]
    if not pairs:
        return None
    number = len({query for query, _, _ in pairs})
    where = 'other videos' if gallery is queries else 'videos of the gallery'
    text = (
        f'Queries that look like near-duplicates of {where}: {number} of {len(queries)}, such as '
        f'{queries.attributes[pairs[0][0]]["name"]} of {gallery.attributes[pairs[0][1]]["name"]}. '
        'If they show one recording, the figures measure in part how well it is recognised: leave '
        'one of both out of the list, or give them one value in a column and name it by --group'
    )
    return Duplicates(pairs, number, text)
