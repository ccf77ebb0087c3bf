"""The examples in the docstrings of losses."""

import doctest
import inspect

import pytest

from vsslbox.models import losses


@pytest.mark.parametrize('name', losses.__all__)
def test_example_gives_what_it_says(name):
    loss = getattr(losses, name)
    names = vars(inspect.getmodule(loss)).copy()
    (found,) = doctest.DocTestFinder(recurse=False).find(loss, name, globs=names)
    assert found.examples
    assert doctest.DocTestRunner(verbose=False).run(found).failed == 0
