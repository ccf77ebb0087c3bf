"""Importing this leaves what is there to the forks as it is.

Collecting garbage would look at every object, and so copy all memory into each of the forks.
"""

import gc

gc.collect()
gc.freeze()
