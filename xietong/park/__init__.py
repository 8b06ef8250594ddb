"""The registry: subjects, points, what is promised and reported of them; people and roles; packages in and out.

Django from here upwards. The facts as plain values are in `nouns`, read with `registry.snapshot.load`; only `actions`
writes.
"""
