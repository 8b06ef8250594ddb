"""Web: pages, one function an address, over accounting, evaluation and the registry; it computes no figure itself."""
