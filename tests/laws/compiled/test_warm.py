"""What `make setup` compiles is what a decision asks for: no law compiles anything after it."""

from dataclasses import replace

import numpy as np
import pytest
from made_pools import some_pools

from qqt_bayes.decisions.enumeration import Best, all_subsets
from qqt_bayes.laws.compiled import entries, warm, whole_pools
from qqt_bayes.laws.law import LAWS


@pytest.fixture(scope="module")
def signatures():
    """Those of each function after it is warmed, in a process that has called none before."""
    entries.compiled.cache_clear()
    warm.warm()
    return {name: entries.compiled(name).signatures for name in entries.ENTRIES}


def test_every_function_is_compiled_once(signatures):
    del signatures["take_errors"]  # is made as the module is loaded
    assert set(signatures) == {"utility_errors", "reuse_errors", *whole_pools.FUNCTIONS.values()}
    assert all(len(each) == 1 for each in signatures.values())
    assert len(entries.take_errors.signatures) == 1


@pytest.mark.parametrize("law", [*whole_pools.OTHERS, *whole_pools.REUSE])
@pytest.mark.usefixtures("signatures")
def test_no_law_needs_another(law):
    pools = replace(some_pools(4, "unequal", draws=20), law=LAWS[law])
    if law in whole_pools.REUSE:
        own = {**warm.OF_REUSE, "Q": [0.7, 0.1, -0.2, -0.6]}
        if law == "effective-reuse":
            del own["omega"], own["memory"]
        parameters = {name: np.tile(np.atleast_1d(x), (20, 1)) for name, x in own.items()}
        pools = replace(pools, parameters=parameters)
    best, members = Best(pools.budgets.size, 20), all_subsets(4)
    for sets, error in pools.compiled_errors()(members, 3):
        best.take(np.arange(len(members))[sets], error)
    made = {name: entries.compiled(name).signatures for name in entries.ENTRIES}
    assert all(len(each) <= 1 for each in made.values())
    assert len(entries.take_errors.signatures) == 1
