"""协同 Xietong: the platform an industrial park runs to cut pollution and carbon together."""

__version__ = "0.1.0"
