"""A classifier, its checkpoint and its lists number the classes alike."""

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import ConcatDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from torch import nn

from vsslbox.apis.command_line import build_runner
from vsslbox.datasets import ImageFolderDataset, VideoDataset
from vsslbox.datasets.class_names import check_labels, number_by
from vsslbox.errors import InputError
from vsslbox.registry import METRICS, MODELS, TRANSFORMS

NAMES = ['climb', 'dive', 'jump', 'run', 'walk']


@TRANSFORMS.register_module()
class KeepLabel:
    """Keep the name and the number of the class of a video, without reading it."""

    def __call__(self, results):
        return {key: results[key] for key in ('label', 'filename') if key in results}


class Head(nn.Linear):
    """The output of a classifier."""

    def __init__(self, num_classes):
        super().__init__(1, num_classes)
        self.num_classes = num_classes


@MODELS.register_module()
class NameClassifier(BaseModel):
    """Learns the number of each name in the training list, and predicts it."""

    def __init__(self, num_classes):
        super().__init__()
        self.cls_head = Head(num_classes)
        self.register_buffer('numbers', torch.full((len(NAMES),), -1))

    def forward(self, label, filename, mode):
        names = [NAMES.index(path.split('/')[-1].split('.')[0][:-1]) for path in filename]
        if mode == 'loss':
            self.numbers[names] = torch.as_tensor(label)
            return dict(loss=self.cls_head(torch.ones(1)).sum())
        return list(zip(self.numbers[names].tolist(), label))


@METRICS.register_module()
class ShareOfEqual(BaseMetric):
    """The share of right predictions."""

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(right=sum(predicted == label for predicted, label in results) / len(results))


@pytest.fixture
def folder(tmp_path):
    """Videos of all classes, a list of all, and one of the last four."""
    for name in NAMES:
        for take in 'ab':
            (tmp_path / f'{name}{take}.mp4').touch()
    for split, take, names in (('train', 'a', NAMES), ('test', 'b', NAMES[1:])):
        rows = [f'{name}{take}.mp4,{name}' for name in names]
        (tmp_path / f'{split}.csv').write_text('\n'.join(['path,label', *rows]))
    return tmp_path


def loader(folder, ann_file, **kwargs):
    dataset = dict(
        type='VideoDataset', ann_file=ann_file, data_root=str(folder), pipeline=[KeepLabel()]
    )
    return dict(
        dataset=dict(dataset, **kwargs),
        batch_size=2,
        num_workers=0,
        sampler=dict(type='EpochSampler', shuffle=False),
    )


def runner(folder, train='train.csv', test='test.csv', num_classes=5, epochs=1, **kwargs):
    sgd = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    cfg = dict(
        default_scope='vsslbox',
        model=dict(type='NameClassifier', num_classes=num_classes),
        work_dir=str(folder / 'work'),
        train_dataloader=loader(folder, train),
        val_dataloader=loader(folder, test),
        test_dataloader=loader(folder, test),
        optim_wrapper=sgd,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        test_cfg=dict(),
        val_evaluator=dict(type='ShareOfEqual'),
        test_evaluator=dict(type='ShareOfEqual'),
        log_level='ERROR',
    )
    cfg.update(kwargs)
    return build_runner(Config(cfg))


def checkpoint(folder):
    (path,) = (folder / 'work').glob('epoch_1.pth')
    return str(path)


@pytest.mark.slow
def test_a_test_list_that_lacks_a_class_is_numbered_as_the_training_list(folder):
    alone = VideoDataset('test.csv', data_root=str(folder))
    assert alone.metainfo['classes'] == NAMES[1:]
    training = runner(folder)
    training.train()
    assert training.val_loop.run() == dict(right=1.0)
    assert training.test() == dict(right=1.0)
    tested = runner(folder, load_from=checkpoint(folder))
    assert tested.test() == dict(right=1.0)
    assert tested.test_dataloader.dataset.metainfo['classes'] == NAMES
    assert tested.test_evaluator.dataset_meta['classes'] == NAMES
    assert runner(folder, load_from=checkpoint(folder)).val() == dict(right=1.0)


def test_a_class_that_the_checkpoint_lacks_is_refused(folder):
    runner(folder).train()
    (folder / 'other.csv').write_text('path,label\ndiveb.mp4,Dive\n')
    message = r"other.csv has classes that the checkpoint lacks: \['Dive'\] \('dive' differs only"
    with pytest.raises(InputError, match=message):
        runner(folder, test='other.csv', load_from=checkpoint(folder)).test()


def test_names_that_a_list_spells_as_integers_are_names(folder):
    """A list of '08' to '12' has names; one of '10' alone would have the number 10."""
    names = ['08', '09', '10', '11', '12']
    for list_, its in (('train', zip(NAMES, names)), ('test', zip(NAMES[2:4], names[2:4]))):
        rows = [f'{video}a.mp4,{name}' for video, name in its]
        (folder / f'{list_}.csv').write_text('\n'.join(['path,label', *rows]))
    training = runner(folder)
    training.train()
    assert training.test() == dict(right=1.0)
    assert runner(folder, load_from=checkpoint(folder)).test() == dict(right=1.0)
    (folder / 'test.csv').write_text('path,label\njumpa.mp4,10\nruna.mp4,13\n')
    with pytest.raises(InputError, match=r"classes that the checkpoint lacks: \['13'\]"):
        runner(folder, load_from=checkpoint(folder)).test()
    (folder / 'test.csv').write_text('path,label\njumpa.mp4,2\nruna.mp4,3\n')  # the numbers
    assert runner(folder, load_from=checkpoint(folder)).test() == dict(right=1.0)


@pytest.mark.parametrize('classes', [['dive', 'run', 'dive'], 'classes'])
def test_class_names_are_different(folder, classes):
    with pytest.raises(InputError, match="'classes'] must be different names, got"):
        VideoDataset('test.csv', data_root=str(folder), metainfo=dict(classes=classes))


def test_names_for_a_model_that_learnt_numbers_are_told(folder, monkeypatch):
    told = []
    monkeypatch.setattr('vsslbox.datasets.class_names.warn_once', told.append)
    rows = [f'{name}a.mp4 {number}' for number, name in enumerate(NAMES)]
    (folder / 'numbers.txt').write_text('\n'.join(rows))
    training = runner(folder, train='numbers.txt', test='train.csv')
    training.train()
    assert training.test() == dict(right=1.0)
    assert told == []
    fewer = runner(folder, load_from=checkpoint(folder))
    assert fewer.test() == dict(right=0.0)
    assert told == [
        f'{folder}/test.csv has 4 class names, which are numbered from 0 in alphabetical order, '
        'but the model has 5 classes without names: give all names in the order of the model, '
        '`metainfo=dict(classes=[...])`'
    ]
    fewer = runner(
        folder,
        load_from=checkpoint(folder),
        test_dataloader=loader(folder, 'test.csv', metainfo=dict(classes=NAMES)),
    )
    assert fewer.test() == dict(right=1.0)
    assert len(told) == 1


@pytest.mark.slow
def test_a_resumed_training_keeps_the_numbers(folder):
    runner(folder).train()
    (folder / 'fewer.csv').write_text('path,label\ndivea.mp4,dive\nruna.mp4,run\n')
    resumed = runner(folder, train='fewer.csv', epochs=2, resume=True)
    resumed.train()
    assert resumed.train_dataloader.dataset.metainfo['classes'] == NAMES
    assert resumed.model.numbers.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_a_training_that_starts_from_weights_has_classes_of_its_own(folder):
    runner(folder).train()
    (folder / 'other.csv').write_text('path,label\ndivea.mp4,up\nruna.mp4,down\n')
    started = runner(folder, train='other.csv', test='other.csv', load_from=checkpoint(folder))
    started.train()
    assert started.train_dataloader.dataset.metainfo['classes'] == ['down', 'up']


@pytest.mark.parametrize(
    ('labels', 'message'),
    [
        (range(1, 6), r'are 1..5, but `num_classes=5` has the classes 0..4: do labels start at 1'),
        (range(2, 7), r'are 2..6, but .*: set `num_classes` to 7, or correct the list'),
        ([0, 1, -1, 2, 3], r'are -1..3, but .*: remove the videos without a class'),
    ],
)
@pytest.mark.parametrize('place', ['train', 'test'])
def test_labels_out_of_range_are_told_before_training(folder, labels, message, place):
    rows = [f'{name}a.mp4,{label}' for name, label in zip(NAMES, labels)]
    (folder / 'wrong.csv').write_text('\n'.join(['path,label', *rows]))
    (folder / 'right.txt').write_text('runa.mp4 0\ndivea.mp4 4\n')
    lists = dict(train='right.txt', test='right.txt')
    lists[place] = 'wrong.csv'
    with pytest.raises(InputError, match=r'the labels of .*wrong.csv ' + message):
        runner(folder, **lists).train()
    if place == 'test':
        with pytest.raises(InputError, match=message):
            runner(folder, **lists).test()


@pytest.mark.slow
def test_a_video_without_a_label_is_told_before_training(folder):
    (folder / 'some.csv').write_text('path,label\nruna.mp4,0\ndivea.mp4,\n')
    for ann_file, count in (('some.csv', '1 of 2'), ('', '10 of 10')):
        with pytest.raises(InputError, match=rf'{count} videos of .* have no label'):
            runner(folder, train=ann_file).train()


def test_numbers_and_names_in_wrapped_data_sets(folder):
    one = VideoDataset('test.csv', data_root=str(folder))
    (folder / 'n.txt').write_text('runa.mp4 3\n')
    two = VideoDataset('n.txt', data_root=str(folder))
    both = ConcatDataset([one, two], ignore_keys=['classes'])
    number_by(both, ['x', *NAMES], 'the checkpoint')
    assert [one.get_data_info(index)['label'] for index in range(4)] == [2, 3, 4, 5]
    assert two.get_data_info(0)['label'] == 3
    check_labels(both, 6)
    with pytest.raises(InputError, match=r'test.csv are 2..5, but `num_classes=5`'):
        check_labels(both, 5)


def test_class_folders_are_numbered_by_a_checkpoint(folder):
    for name in ('images/b/1.jpg', 'images/c/2.jpg'):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    images = ImageFolderDataset(data_root=str(folder / 'images'))
    number_by(images, ['a', 'b', 'c'], 'the checkpoint')
    assert [images.get_data_info(index)['label'] for index in range(2)] == [1, 2]
    with pytest.raises(InputError, match=r'c/2.jpg in .* class.*those of the checkpoint'):
        number_by(images, ['a', 'b'], 'the checkpoint')


def test_a_label_outside_of_the_vector_is_told(folder):
    (folder / 'several.txt').write_text('runa.mp4 0 2\ndivea.mp4 1 5\n')
    with pytest.raises(InputError, match=r'several.txt are 0..5, but `num_classes=5`'):
        VideoDataset('several.txt', data_root=str(folder), multi_class=True, num_classes=5)
