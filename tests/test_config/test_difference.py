"""Two configs are compared place by place."""

from vsslbox.config import config_difference

PIPELINE = dict(
    open=dict(type='Open'),
    sample=dict(type='Sample', clip_len=4, offsets=(0, 1)),
    pack=dict(type='Pack'),
)


def with_pipeline(steps) -> dict:
    return dict(train_dataloader=dict(dataset=dict(pipeline=steps)))


def difference(steps) -> list[str]:
    place = 'train_dataloader.dataset.pipeline'
    found = config_difference(with_pipeline(PIPELINE), with_pipeline(steps))
    assert all(line.startswith(place) for line in found)
    return [line.removeprefix(place) for line in found]


def test_equal_configs_differ_in_nothing():
    assert config_difference({'a': {'b': 1, 'c': 2}}, {'a': {'c': 2, 'b': 1}}) == []


def test_named_steps_are_compared_by_name():
    steps = dict(
        open=PIPELINE['open'],
        sample=dict(type='Sample', clip_len=8, offsets=(0, 2), jitter='a'),
        flip=dict(type='Flip', prob=0.5),
        pack=None,
    )
    assert difference(steps) == [
        '.sample.clip_len: 4 -> 8',
        '.sample.offsets: (0, 1) -> (0, 2)',
        ".sample.jitter: absent -> 'a'",
        ".pack: dict(type='Pack') -> None",
        ".flip: absent -> dict(type='Flip', prob=0.5)",
    ]


def test_the_order_of_named_steps_counts():
    steps = {name: PIPELINE[name] for name in ('sample', 'open')}
    assert difference(steps) == [
        ': order open, sample -> sample, open',
        ".pack: dict(type='Pack') -> absent",
    ]


def test_lists_of_dicts_are_compared_item_by_item_and_others_whole():
    first = dict(param_scheduler=[dict(type='A', end=2), dict(type='B')], betas=[0.9, 0.99])
    second = dict(param_scheduler=[dict(type='A', end=3)], betas=[0.9, 0.95])
    assert config_difference(first, second) == [
        'param_scheduler[0].end: 2 -> 3',
        "param_scheduler[1]: dict(type='B') -> absent",
        'betas: [0.9, 0.99] -> [0.9, 0.95]',
    ]


def test_values_of_other_types_are_shown_whole():
    assert config_difference(dict(a=dict(b=1)), dict(a=[dict(b=1)])) == [
        'a: dict(b=1) -> [dict(b=1)]'
    ]
    assert config_difference(dict(a=None), dict(b=None)) == [
        'a: None -> absent',
        'b: absent -> None',
    ]
