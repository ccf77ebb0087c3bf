"""JSON of users is read whole, or refused with the reason."""

import pytest

from vsslbox.errors import InputError
from vsslbox.utils import json_file, read_json


def test_content_is_read(tmp_path):
    (tmp_path / 'a.json').write_bytes(b'\xef\xbb\xbf{"a": {"b": [1, null]}, "c": {"b": 2}}')
    assert read_json(tmp_path / 'a.json') == {'a': {'b': [1, None]}, 'c': {'b': 2}}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"v": 1, "w": 2, "v": 1}', r"a.json is not JSON: an object has the key 'v' twice"),
        ('[{"x": {"label": 1, "label": 2}}]', r"the key 'label' twice; keep one"),
        ('{"a": ', r'a.json is not JSON: Expecting value'),
        ('', r'a.json is not JSON'),
        ('[' * 200_000, r'nested too deeply'),
        ('{"a":' * 200_000, r'nested too deeply'),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(InputError, match=message):
        read_json(tmp_path / 'a.json')


def test_files_that_are_too_large_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, 'MAX_BYTES', 10)
    (tmp_path / 'a.json').write_text('[1, 2, 3, 4]')
    with pytest.raises(InputError, match=r'a.json has 12 bytes, which are too many'):
        read_json(tmp_path / 'a.json')
