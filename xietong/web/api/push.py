"""The door for programs: POST /api/readings with a key; 201 only after the fsync of the journal entry.

All or nothing, unless the caller asks for what can be used (?partial=true). The same idempotency key with the same body
gets the same answer; with another body it is refused. A push whose entry is durable and whose answer is not noted (the
process was killed in between, the database was full) is noted from its entry before the next one is taken.
"""

import hashlib
import threading
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from ninja import NinjaAPI, Schema, Status
from ninja.security import HttpBearer

from xietong.detection import NEVER_BELOW
from xietong.disks import FULL, RETRY_AFTER_S, is_full
from xietong.journal import JournalError, JournalReader, names
from xietong.park.actions import key_hash
from xietong.park.models import ApiKey, Push
from xietong.park.nouns import Registry
from xietong.protocols.pushed import Problem, PushedRow, decode, note_of, runs, sealed
from xietong.readings import BELOW, Entry
from xietong.texts import Text
from xietong.web.api.answers import answer_of, described
from xietong.web.api.stamps import Stamps, stamps_of
from xietong.web.shell import own_journal, park_data

# More readings than fit into the bytes: the shortest that says point, time and value has some 50.
MOST_BYTES, MOST_READINGS = 2 * 1024 * 1024, 40_000
LONGEST_IDEMPOTENCY = 120


class Refusal(Schema):
    """One reading that was not taken: its place in the body (−1: the body), the field, and what to do."""

    place: int
    field: str
    message: str


class Answer(Schema):
    """What became of a push: the first problems in words (`rejected`), how many readings were refused and which.

    places: of the readings refused, as runs ("0-5,9"); the first reading is 0. remarks: what was taken and is odd (a
    stamp off its point's grid), a sentence a point, with the first reading of which it is said.
    """

    entry: str = ""
    accepted: int
    rejected: list[Refusal] = []
    refused: int = 0
    places: str = ""
    remarks: list[Refusal] = []


class _Keys(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key of that secret, in force; whatever address it comes from."""
        del request
        return ApiKey.objects.filter(secret_sha256=key_hash(token), revoked_at=None).first()


class _Journal:
    """The pushes in this process's journal, one at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_noted = False  # whether every durable push of before has its answer in the database

    @staticmethod
    def keep(origin: str, payload: bytes, at: datetime) -> str:
        """Append one entry; gives its id once it is durable. Raises JournalError, and then nothing was kept."""
        writer = own_journal.writer(park_data.data_folder())
        return f"{writer.name}/{writer.record('pushed', origin, payload, at)}"


_JOURNAL = _Journal()
api = NinjaAPI(title="Xietong 协同", version="1", docs_url=None, auth=_Keys(), urls_namespace="api")


class Reading(Schema):
    """One reading: `at` is the start of the interval of amounts and means; without an offset it is park time."""

    point: str
    at: str
    value: float | str
    flag: str = ""


class Readings(Schema):
    """What is pushed."""

    readings: list[Reading]


class NoKey(Schema):
    """What is answered without a key in force."""

    detail: str


def asking(body: type[Schema] | None = None) -> dict[str, object]:
    """What the description of the API says of a request that is read as it came: its body, header, and key."""
    told: dict[str, object] = {"responses": {401: {"description": NoKey.__doc__, "content": _json_of(NoKey)}}}
    if body is not None:
        header = {"name": "Idempotency-Key", "in": "header", "required": True}
        longest = {"type": "string", "minLength": 1, "maxLength": LONGEST_IDEMPOTENCY}
        told |= {"requestBody": {"required": True, "content": _json_of(body)}}
        told |= {"parameters": [{**header, "schema": longest}]}
    return told


def _json_of(schema: type[Schema]) -> dict[str, object]:
    inline = schema.model_json_schema()
    parts = inline.pop("$defs", {})
    for each in inline["properties"].values():
        named = str(each.get("items", {}).get("$ref", "")).rpartition("/")[2]
        if named in parts:
            each["items"] = parts[named]
    return {"application/json": {"schema": inline}}


_ANSWERS = {201: Answer, frozenset({400, 409, 413, 422, 503}): Answer}


@api.post("/readings", response=_ANSWERS, openapi_extra=asking(Readings))
def push_readings(request: HttpRequest, partial: bool = False) -> Status[Answer]:
    """Take readings in: {"readings": [{"point", "at", "value", "flag"}]}, with the header Idempotency-Key."""
    key, idempotency = _key(request), request.headers.get("Idempotency-Key", "")
    if not 0 < len(idempotency) <= LONGEST_IDEMPOTENCY:
        return _refused(400, _NO_IDEMPOTENCY)
    try:
        body = request.body
    except RequestDataTooBig:
        return _refused(413, _TOO_LARGE)
    if len(body) > MOST_BYTES:
        return _refused(413, _TOO_LARGE)
    digest = hashlib.sha256(body + bytes([partial])).hexdigest()
    park = park_data.registry()
    sent = _Sent(key, idempotency, body, digest, partial)
    judged = _judged(body, park, key.subject)  # before the lock: whoever sends much makes nobody wait
    with _JOURNAL.lock:
        if not _JOURNAL.is_noted:
            note_pushes(park_data.data_folder() / "journal")
            _JOURNAL.is_noted = True
        before = Push.objects.filter(key=key, idempotency=idempotency).first()
        if before is None and judged.accepted and (partial or not judged.refused):
            return Status(201, _kept(sent, judged))
    if before is None:
        return Status(422, judged.answer(0, len(body)))
    return Status(201, Answer(**answer_of(before))) if before.body_sha256 == digest else _refused(409, _OTHER_BODY)


class _Sent(NamedTuple):
    """A push as it came."""

    key: ApiKey
    idempotency: str
    body: bytes
    digest: str
    partial: bool


class _Judged(NamedTuple):
    """What of a body can be used: how many readings, the places of the others, and what is wrong with them."""

    accepted: int
    refused: frozenset[int]
    problems: list[Problem]
    stamps: Stamps = Stamps(frozenset(), ())

    def answer(self, accepted: int, asked_bytes: int) -> Answer:
        """What is answered, held small."""
        words, places = _in_words(self.problems, asked_bytes), self.refused - {-1}
        remarks = _in_words(self.stamps.remarks, 0) if accepted else []
        return Answer(accepted=accepted, rejected=words, refused=len(places), places=runs(places), remarks=remarks)


def _in_words(problems: Iterable[Problem], asked_bytes: int) -> list[Refusal]:
    told = (Refusal(place=each.place, field=each.field, message=_said(each.sentence)).model_dump() for each in problems)
    return [Refusal.model_validate(each) for each in described(told, asked_bytes)]


def _judged(body: bytes, park: Registry, subject: str) -> _Judged:
    pushed = decode(body, park.zone, MOST_READINGS)
    own = frozenset(each.code for each in park.below(subject))
    problems = [*pushed.problems, *(each for row in pushed.rows if (each := _foreign(row, park, own)))]
    refused = frozenset(each.place for each in problems)
    taken = [row for row in pushed.rows if row.place not in refused]
    return _Judged(len(taken), refused, problems, stamps_of(taken, park))


def _kept(sent: _Sent, judged: _Judged) -> Answer:
    """Keep the push and note what is answered; under the lock. Raises JournalError, and then nothing was kept."""
    at, answer = datetime.now(UTC), judged.answer(judged.accepted, len(sent.body))
    told = answer.model_dump()
    note = {"key": sent.key.name, "idempotency": sent.idempotency, "sha256": sent.digest, "answer": told}
    answer.entry = _JOURNAL.keep(
        f"http:{sent.key.name}", sealed(sent.body, judged.refused, note, judged.stamps.meant), at
    )
    _JOURNAL.is_noted = False
    small = {"entry": answer.entry, "accepted": answer.accepted, "refused": answer.refused}
    Push.objects.create(key=sent.key, idempotency=sent.idempotency, body_sha256=sent.digest, answer=small, at=at)
    _JOURNAL.is_noted = True
    return answer


def note_pushes(root: Path) -> int:
    """Note the pushes whose entries are durable and whose answers are not in the database; how many these were.

    Only entries after the newest that is noted are looked at, for pushes are noted in the order of their entries.
    """
    return sum(_note(entry) for name in names(root) if name.startswith("web-") for entry in _unnoted(root, name))


def _unnoted(root: Path, name: str) -> Iterator[Entry]:
    newest = Push.objects.filter(answer__entry__startswith=f"{name}/").order_by("-id").first()
    after = int(str(newest.answer["entry"]).rpartition("/")[2]) if newest else 0
    reader = JournalReader(root, name, after, on_damage=_ignore)
    try:
        while entries := reader.read():
            reader.sync()  # whoever wrote them may have died before the fsync
            yield from (entry for entry in entries if entry.kind == "pushed")
    except JournalError as error:
        _ignore(error)
    finally:
        reader.close()


def _note(entry: Entry) -> bool:
    note = note_of(entry.payload)
    key = ApiKey.objects.filter(name=note.get("key", "")).first()
    if key is None:  # an entry of before there were notes
        return False
    told = note["answer"]
    refused = int(told.get("refused", len({each["place"] for each in told["rejected"]})))
    stated = {
        "body_sha256": note["sha256"],
        "answer": {"entry": entry.id, "accepted": told["accepted"], "refused": refused},
        "at": entry.received_at,
    }
    return Push.objects.get_or_create(key=key, idempotency=note["idempotency"], defaults=stated)[1]


def _ignore(_error: JournalError) -> None:
    """Settle and doctor tell of damage; here it only means that less is noted."""


@api.exception_handler(Exception)
def _not_now(request: HttpRequest, error: Exception) -> HttpResponse:
    """Nothing is acknowledged that is not safe: 503 with the sentence where journal or disk refuse; else a bug."""
    if not isinstance(error, JournalError) and not is_full(error):
        raise error
    said = error.text if isinstance(error, JournalError) and not is_full(error) else FULL
    refusal = Refusal(place=-1, field="", message=_said(said))
    response = api.create_response(request, Answer(accepted=0, rejected=[refusal]).model_dump(), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _foreign(row: PushedRow, park: Registry, own: Collection[str]) -> Problem | None:
    """A reading of no point, of one that the key has no business with, or below a detection that the point has not."""
    point = park.points.get(row.point)
    if point is not None and point.subject in own:
        return Problem(row.place, "value", _NO_DETECTION) if row.flag == BELOW and point.shape in NEVER_BELOW else None
    said = _UNKNOWN if point is None else _NOT_YOURS
    return Problem(row.place, "point", Text(said.zh.format(row.point), said.en.format(row.point)))


def _key(request: HttpRequest) -> ApiKey:
    found = getattr(request, "auth", None)
    assert isinstance(found, ApiKey)
    return found


def _refused(status: int, sentence: Text) -> Status[Answer]:
    return Status(status, Answer(accepted=0, rejected=[Refusal(place=-1, field="", message=_said(sentence))]))


def _said(sentence: Text) -> str:
    """Both languages: what reads this first is a program, and who reads its log nobody knows."""
    return f"{sentence.zh} · {sentence.en}"


_NO_IDEMPOTENCY = Text(
    "缺少 Idempotency-Key 请求头（1–120 个字符），重发时无法认出同一批，什么也没有收下；请为每批写一个不重复的值。",
    "the header Idempotency-Key (1-120 characters) is missing, so a repetition could not be told, and nothing was "
    "taken; send a value of its own with each batch.",
)
_TOO_LARGE = Text(
    "请求体超过 2 MiB，什么也没有收下；请分批发送。", "the body exceeds 2 MiB and nothing was taken; send less at once."
)
_OTHER_BODY = Text(
    "这个 Idempotency-Key 已用于另一批数据，什么也没有收下；请换一个新的值。",
    "this Idempotency-Key was used for another body, so nothing was taken; use a new one.",
)
_UNKNOWN = Text("登记簿里没有监测点 {0}；请先登记。", "the registry has no point {0}; enter it first.")
_NO_DETECTION = Text(
    "表底和状态没有“未检出”可言；请写读到的数。",
    "a register or a state has no limit of detection; write the number that was read.",
)
_NOT_YOURS = Text("这把密钥不管监测点 {0} 的主体。", "this key is not for the subject of point {0}.")


def urls() -> list[URLPattern]:
    """The addresses of the API; they ask for a key, not for a sign-in."""
    found = []
    for pattern in api.urls[0]:
        assert isinstance(pattern, URLPattern)
        assert pattern.callback is not None
        pattern.callback = login_not_required(pattern.callback)
        found.append(pattern)
    return found
