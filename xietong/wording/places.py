"""Where something stands: a facility's or an outlet's name together with the enterprise that it belongs to."""

from xietong.park.nouns import Registry, Subject
from xietong.texts import Text

_OWNERS, _GROUPS = ("enterprise", "supply"), ("park", "zone", "sector")


def full_name(registry: Registry, code: str) -> Text:
    """The name of a subject after its enterprise's (else its works'); one that belongs to a group alone stands alone.

    An unknown code is its own name.
    """
    if code not in registry.subjects:
        return Text(code, code)
    subject = registry.subjects[code]
    owner = _owner(registry, subject)
    own = _name(subject)
    return own if owner is None else Text(f"{_name(owner).zh} · {own.zh}", f"{_name(owner).en} · {own.en}")


def _name(subject: Subject) -> Text:
    return Text(subject.name, subject.name_en or subject.name)


def _owner(registry: Registry, subject: Subject) -> Subject | None:
    if subject.kind in (*_OWNERS, *_GROUPS):
        return None
    above = registry.subjects.get(subject.parent)
    nearest = above
    while above is not None and above.kind not in (*_OWNERS, *_GROUPS):
        above = registry.subjects.get(above.parent)
    owner = above if above is not None and above.kind in _OWNERS else nearest
    return None if owner is None or owner.kind in _GROUPS else owner
