"""Pickles of plain data are read as by plain loading, and nothing else is."""

import copyreg
import os
import pickle
import re
from collections import OrderedDict
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.conftest import examples
from vsslbox.errors import InputError
from vsslbox.utils import load_plain_pickle

KINDS = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness='='),
    arrays.unsigned_integer_dtypes(endianness='='),
    arrays.floating_dtypes(endianness='?'),
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
    )
    | arrays.arrays(KINDS, arrays.array_shapes(min_dims=0, min_side=0)),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.text(), inner), st.tuples(inner, inner)
    ),
    max_leaves=8,
)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        assert_same(list(found.values()), list(expected.values()))
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other)
    else:
        assert found == expected


@given(VALUES, st.integers(0, 5))
@settings(max_examples=examples(60))
def test_plain_data_equals_plain_loading(tmp_path_factory, value, protocol):
    path = tmp_path_factory.getbasetemp() / 'plain.pkl'
    path.write_bytes(pickle.dumps(value, protocol))
    assert_same(load_plain_pickle(path), pickle.loads(path.read_bytes()))


@pytest.mark.parametrize('package', [b'numpy.core', b'numpy._core'])
@pytest.mark.parametrize('protocol', range(6))
def test_both_names_of_numpys_package(tmp_path, package, protocol):
    value = dict(a=np.arange(6.0).reshape(2, 3)[:, ::2], b=np.float32(2.5), c=np.int64(3))
    content = pickle.dumps(value, protocol)
    if protocol < 4:  # later ones store the length of a name
        content = re.sub(rb'numpy\._?core', package, content)
    path = tmp_path / 'a.pkl'
    path.write_bytes(content)
    assert_same(load_plain_pickle(path), value)


class Reduced:
    """An object that a pickle rebuilds by any call."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
@pytest.mark.parametrize(
    ('value', 'named'),
    [
        (Reduced(os.system, ('touch was_here',)), f'{os.system.__module__}.system'),
        (Reduced(eval, ('1',)), 'eval'),
        (os.system, 'system'),
        (OrderedDict(a=1), 'OrderedDict'),
        (Decimal(1), 'Decimal'),
        (np.array([{}], dtype=object), 'NumPy values of the type object'),
        (np.array(['text']), 'NumPy values of the type <U4'),
        (np.array([(1, 2.0)], dtype='i4,f4'), 'NumPy values of the type'),
        (np.ma.masked_array([1.0], [True]), 'numpy.ma'),
        (Reduced(np.load, ('a.npy',)), 'load'),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_not_plain_data_is_refused(tmp_path, monkeypatch, value, named, protocol):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps({'v,0902': value}, protocol))
    with pytest.raises(InputError, match=r'a\.pkl is refused because it holds ') as error:
        load_plain_pickle(path)
    assert named in str(error.value)
    assert not (tmp_path / 'was_here').exists()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        # The functions that stand for NumPy's cannot be changed, nor called for anything else.
        (b'cnumpy\ndtype\n(Nd(V__func__\nK\x01dtb.', 'damaged'),
        (b'cnumpy\nndarray\n(K\x01tR.', 'damaged'),
        (b'cnumpy.core.multiarray\n_reconstruct\n(Va\n(I1000000000000\ntVb\ntR.', 'of the shape'),
        (b'c_codecs\nencode\n(Vx\nVzlib_codec\ntR.', "bytes in the encoding 'zlib_codec'"),
        (b'Papers\n.', 'kept elsewhere'),
        (b'\x82\x01.', 'damaged'),
        (b'', 'damaged or not a pickle'),
        (b'f0,f1\n1,2\n', 'damaged or not a pickle'),
        (pickle.dumps({'a': np.ones(9)})[:-20], 'damaged or not a pickle'),
    ],
)
def test_odd_pickles_are_refused(tmp_path, content, message):
    path = tmp_path / 'a.pkl'
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf'a\.pkl is .*{message}'):
        load_plain_pickle(path)


def test_extensions_are_looked_up_by_their_names(tmp_path):
    copyreg.add_extension('posix', 'system', 200)
    try:
        path = tmp_path / 'a.pkl'
        path.write_bytes(b'\x82\xc8(Vtouch was_here\ntR.')
        with pytest.raises(InputError, match=r'posix\.system'):
            load_plain_pickle(path)
    finally:
        copyreg.remove_extension('posix', 'system', 200)
