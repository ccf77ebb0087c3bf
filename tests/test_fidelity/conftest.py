"""The recipes' short trainings, once for all tests of this folder."""

import pytest

from tests.distributed import run_on_processes
from tests.fidelity import RECIPES, Record, train


@pytest.fixture(scope='session')
def trainings():
    """Return a function that gives the records of a recipe's processes.

    Two processes train the recipes that follow the authors' code.
    """
    done = {}

    def of(method, form, num_processes):
        if num_processes not in done:
            several = num_processes > 1
            names = [name for name in RECIPES if not several or name[1] == 'code']
            done[num_processes] = run_on_processes(train, 2, names) if several else [train(names)]
        return [Record(**records[method, form]) for records in done[num_processes]]

    return of
