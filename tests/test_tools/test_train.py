"""What the command line of training writes into a config."""

import pytest
from mmengine.config import Config

from tests.tools import imported_tool


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
