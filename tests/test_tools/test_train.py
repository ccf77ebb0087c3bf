"""What the command line of training writes into a config."""

import os

import pytest
from mmengine.config import Config

from tests.tools import imported_tool, run_main
from vsslbox.apis.given_videos import train_on
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS


@pytest.mark.parametrize(
    ('words', 'randomness', 'expected'),
    [
        ([], {}, dict(seed=0)),
        ([], dict(seed=3, deterministic=True), dict(seed=3, deterministic=True)),
        (['--deterministic'], dict(seed=3), dict(seed=3, deterministic=True)),
        (['--seed', '5', '--diff-rank-seed'], {}, dict(seed=5, diff_rank_seed=True)),
    ],
)
def test_randomness_of_the_config_holds_where_no_option_says_otherwise(
    monkeypatch, words, randomness, expected
):
    config = Config(dict(randomness=randomness, optim_wrapper=dict(type='OptimWrapper')))
    with imported_tool('train.py') as tool:
        monkeypatch.setattr('sys.argv', ['train.py', 'config.py', *words])
        tool.apply_args(config, tool.parse_args())
    assert config.randomness == expected


def video_config(tmp_path, **dataset):
    dataset = dict(
        type='VideoDataset', data_root='elsewhere', where=dict(split='train'), pipeline=[]
    ) | dict(dataset)
    return Config(dict(work_dir=str(tmp_path / 'run'), train_dataloader=dict(dataset=dataset)))


def test_files_folders_and_patterns_are_the_training_videos(tmp_path, video_folder):
    videos = sorted(video_folder.glob('*.mp4'))
    folder = tmp_path / 'more'
    folder.mkdir()
    odd = folder / 'a, "b" \n.mp4'
    odd.symlink_to(videos[0])
    config = video_config(tmp_path)
    given = [
        str(videos[2]),
        str(folder),
        f'{video_folder}/*{videos[1].stem[-1]}.mp4',
        str(videos[2]),
    ]
    train_on(config, given)
    settings = config.train_dataloader.dataset
    built = DATASETS.build(settings.to_dict())
    found = [built.get_data_info(number)['filename'] for number in range(len(built))]
    assert found == list(dict.fromkeys([str(videos[2]), str(odd), *map(str, matching(videos))]))
    assert 'where' not in settings


def matching(videos):
    return [video for video in videos if video.stem.endswith(videos[1].stem[-1])]


def test_videos_that_do_not_exist_are_named(tmp_path):
    with pytest.raises(InputError, match=r'no video at none/\*\.mp4'):
        train_on(video_config(tmp_path), ['none/*.mp4'])
    with pytest.raises(InputError, match='not on RawframeDataset'):
        train_on(video_config(tmp_path, type='RawframeDataset'), ['none.mp4'])


def test_names_that_no_list_can_hold_are_told(tmp_path):
    (tmp_path / os.fsdecode(b'caf\xe9.mp4')).touch()
    with pytest.raises(InputError, match=r'1 of 1 files, .* such as .*caf\\xe9.mp4: rename'):
        train_on(video_config(tmp_path), [str(tmp_path)])


def test_videos_and_a_folder_of_videos_exclude_each_other(monkeypatch):
    with imported_tool('train.py') as tool:
        arguments = ('config.py', '--data-root', 'a', '--videos', 'b')
        assert run_main(tool, monkeypatch, *arguments) == 2
