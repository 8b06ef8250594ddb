"""The ways between pages, and the names that subjects have on them."""

from typing import Any
from urllib.parse import quote

from django.urls import reverse

from xietong.park.nouns import Registry, Subject, SubjectKind
from xietong.periods import Period
from xietong.texts import Language
from xietong.wording.words import spoken, term

CHOOSABLE: tuple[SubjectKind, ...] = (
    "park",
    "zone",
    "sector",
    "enterprise",
    "supply",
    "treatment",
    "outlet",
    "recycling",
)


def figure_href(subject: str, key: str, period: Period) -> str:
    """The page of a figure's working."""
    return reverse("figure", args=[subject, key, period.label])


def entry_href(entry: str, **query: str) -> str:
    """The page of a journal entry."""
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items() if value)
    return f"/entries/{quote(entry)}/" + (f"?{asked}" if asked else "")


def subject_name(subject: Subject, language: Language) -> str:
    """A subject's name in the page's language; 中文 where it has no English one."""
    return subject.name_en if language == "en" and subject.name_en else subject.name


def subject_groups(registry: Registry, language: Language) -> list[dict[str, Any]]:
    """The subjects that figures can be asked of, by kind."""
    groups = []
    for kind in CHOOSABLE:
        members = [each for each in registry.subjects.values() if each.kind == kind]
        if members:
            listed = [{"code": each.code, "name": subject_name(each, language)} for each in members]
            groups.append({"label": spoken(term("noun", kind), language), "subjects": listed})
    return groups
