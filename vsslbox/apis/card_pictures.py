"""What a report card shows of the videos."""

from functools import cache, partial

import numpy as np

from vsslbox.apis.near_duplicates import Duplicates
from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.evaluation.metrics import KNNMetric, ReportCardMetric
from vsslbox.visualization import (
    Hit,
    Mistakes,
    Retrieval,
    Warned,
    embed,
    mistaken_videos,
    nearest_videos,
    scatter_plot,
    spread_points,
)

__all__ = ['CardPictures']

ON_MAP = 10  # thumbnails on a map of features
DUPLICATES = 6  # pairs that are shown
FRAMES = 8  # of a thumbnail


class CardPictures:
    """Shows the videos of a finished evaluation as the model sees them; each is read once.

    Args:
        loop: The loop, whose first metric is a :class:`ReportCardMetric`.
    """

    def __init__(self, loop: GalleryTestLoop) -> None:
        queries = loop.dataloader.dataset
        gallery = loop.gallery_dataloader.dataset if loop.gallery_dataloader else queries
        self.card: ReportCardMetric = loop.metrics[0]
        self.seed = loop.runner.seed
        self._query = cache(partial(_first_view, queries))
        self._found = cache(partial(_first_view, gallery))

    def warning(self, duplicates: Duplicates) -> Warned:
        """Return the warning of near-duplicates, with some of them."""
        queries, gallery = self.card.queries.attributes, self.card.gallery.attributes
        pairs = [
            Retrieval(
                self._query(query),
                queries[query]['name'],
                [Hit(self._found(found), gallery[found]['name'], None)],
            )
            for query, found, _ in duplicates.pairs[:DUPLICATES]
        ]
        return Warned(duplicates.text, pairs)

    def retrievals(self) -> list[Retrieval]:
        """Return some queries with their nearest videos."""
        labels = self.card.evaluated('retrieval')
        if not labels:
            return []
        return nearest_videos(
            self.card.queries,
            self.card.gallery,
            labels,
            self._query,
            self._found,
            leave_out=self.card.build('retrieval', labels[0]).leave_out,
        )

    def mistakes(self) -> list[Mistakes]:
        """Return wrong answers of kNN."""
        shown = []
        for label in self.card.evaluated('knn'):
            metric = self.card.build('knn', label)
            assert isinstance(metric, KNNMetric)  # the name belongs to one class
            shown += mistaken_videos(
                self.card.queries,
                self.card.gallery,
                label,
                metric.predict(self.card.queries, self.card.gallery, label),
                self._query,
                self._found,
                num_neighbours=metric.k,
                leave_out=metric.leave_out,
            )
        return shown

    def maps(self, random: ReportCardMetric | None) -> list[str]:
        """Draw the queries' features in the plane for each label, beside a random initialisation.

        Args:
            random: The evaluation of the random initialisation.
        """
        figures: dict[str, list[str]] = {label: [] for label in self.card.labels}
        for name, card in {'checkpoint': self.card, 'random initialisation': random}.items():
            if card is None:
                continue
            chosen, points = embed(card.queries.features.numpy(), self.seed)
            attributes = [self.card.queries.attributes[index] for index in chosen]
            pictures = {
                number: _middle(self._query(int(chosen[number])))
                for number in spread_points(points, ON_MAP)
            }
            for label in figures:
                if attributes and all(label in own for own in attributes):
                    labels = [own[label] for own in attributes]
                    figures[label].append(
                        scatter_plot(f'{label}, {name}', points, labels, pictures)
                    )
        return [figure for of_label in figures.values() for figure in of_label]


def _first_view(dataset: BaseVideoDataset, index: int) -> np.ndarray:
    """Return some frames of a video's first view, RGB, uint8 ``[T, H, W, 3]``."""
    view = dataset[index]['inputs'][0]
    places = np.linspace(0, view.shape[1] - 1, min(view.shape[1], FRAMES)).round().astype(int)
    return view[:, places].permute(1, 2, 3, 0).numpy()


def _middle(frames: np.ndarray) -> np.ndarray:
    return frames[len(frames) // 2]
