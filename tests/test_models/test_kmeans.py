"""k-means compared with loops in float64 and with scikit-learn."""

import pytest
import torch
from sklearn.cluster import KMeans

from vsslbox.models.utils.kmeans import CHUNK, assign, kmeans, update_centroids


def blobs(num_points, num_blobs, channels):
    centers = torch.randn(num_blobs, channels) * 2
    return centers[torch.randint(num_blobs, (num_points,))] + torch.randn(num_points, channels)


def lloyd(points, centroids, num_iters):
    """Run the algorithm on lists; no cluster may become empty."""
    points, centroids = points.double().tolist(), centroids.double().tolist()

    def nearest():
        table = [
            [sum((x - y) ** 2 for x, y in zip(p, c, strict=True)) for c in centroids]
            for p in points
        ]
        return [row.index(min(row)) for row in table], sum(min(row) for row in table)

    for _ in range(num_iters):
        labels, _ = nearest()
        for cluster in range(len(centroids)):
            members = [p for p, label in zip(points, labels, strict=True) if label == cluster]
            centroids[cluster] = [sum(column) / len(members) for column in zip(*members)]
    labels, inertia = nearest()
    return labels, centroids, inertia


@pytest.mark.parametrize('num_iters', [0, 1, 4])
def test_is_lloyds_algorithm(num_iters):
    points = blobs(60, 4, 3)
    result = kmeans(points, 4, num_iters, init=points[:4])
    labels, centroids, inertia = lloyd(points, points[:4], num_iters)
    assert result.labels.tolist() == labels
    assert torch.allclose(result.centroids, torch.tensor(centroids), atol=1e-5)
    assert result.inertia == pytest.approx(inertia, rel=1e-5)


def test_inertia_is_that_of_scikit_learn():
    points = blobs(3000, 40, 16)
    start = points[:50]
    ours = kmeans(points, 50, 20, init=start)
    theirs = KMeans(50, init=start.numpy(), n_init=1, max_iter=20, tol=0, algorithm='lloyd')
    theirs.fit(points.numpy())
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=0.01)
    same = ours.labels == torch.from_numpy(theirs.labels_)
    assert same.float().mean() > 0.99


@pytest.mark.parametrize('has_onednn', [True, False])
def test_nearest_centroids_in_every_chunk(monkeypatch, has_onednn):
    if not has_onednn:
        monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: False)
    points, centroids = torch.randn(2 * CHUNK + 3, 5), torch.randn(7, 5)
    labels, distances = assign(points, centroids)
    expected = torch.cdist(points.double(), centroids.double()).square().min(dim=1)
    assert torch.equal(labels, expected.indices)
    assert torch.allclose(distances.double(), expected.values, atol=1e-5)


def test_result_depends_only_on_the_seed():
    points = blobs(400, 10, 4)
    first = kmeans(points, 12, seed=5)
    torch.manual_seed(77)
    again = kmeans(points, 12, seed=5)
    assert torch.equal(first.labels, again.labels)
    assert torch.equal(first.centroids, again.centroids)
    assert torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(77).get_state())
    assert not torch.equal(first.labels, kmeans(points, 12, seed=6).labels)


def test_starts_are_distinct_points():
    points = torch.randn(30, 4)
    centroids = kmeans(points, 30, num_iters=0, seed=3).centroids
    assert torch.equal(centroids.sort(dim=0).values, points.sort(dim=0).values)
    assert not torch.equal(centroids, points)


def test_empty_clusters_take_the_farthest_points():
    points = torch.tensor([[0.0], [1.0], [5.0], [9.0]])
    centroids = torch.tensor([[2.0], [100.0], [200.0]])
    labels, distances = assign(points, centroids)
    assert labels.tolist() == [0, 0, 0, 0]
    moved = update_centroids(points, labels, distances, centroids)
    assert moved.tolist() == [[0.5], [9.0], [5.0]]  # 49 and 9 away; the mean of the others


def test_fewer_distinct_points_than_clusters():
    points = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(5, 1)
    result = kmeans(points, 4, seed=0)
    assert result.inertia == 0
    assert result.centroids.isfinite().all()
    assert len(set(result.labels[::2].tolist())) == len(set(result.labels[1::2].tolist())) == 1


def test_more_clusters_than_points_are_refused():
    with pytest.raises(ValueError, match='3 points do not fill 4 clusters: lower `num_clusters`'):
        kmeans(torch.randn(3, 2), 4)
