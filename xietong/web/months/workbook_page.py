"""The workbook of a month over the browser: taken away empty, brought back filled in; the rules are the form's."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xietong.park.bringing.months import may_report
from xietong.park.bringing.receiving import Answer, Manner, Reception
from xietong.park.bringing.template import is_template, write_template
from xietong.park.nouns import Registry
from xietong.park.package.mapping import FileMapping
from xietong.periods import Period
from xietong.web.shell import own_journal, park_data
from xietong.web.shell.asked import period_or_404, subject_or_404
from xietong.web.shell.languages import reading_language
from xietong.wording.places import full_name

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A month has a few hundred cells; what is inside is opened by a child with limits (decision 19).
MOST_BYTES = 4 << 20
# Bytes of a file's name; a folder takes 255, and a 汉字 is three.
MOST_NAME = 200


class BoundedUpload(FileUploadHandler):
    """The first handler of every upload: what is longer than a workbook of ours may be is cut off and not kept."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the piece on, or end the upload."""
        if start + len(raw_data) > MOST_BYTES:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind keep it."""


@require_http_methods(["GET", "HEAD", "POST"])
def workbook(request: HttpRequest, subject: str, period: str) -> HttpResponse:
    """GET: the workbook of a subject's month; POST: one that was filled in."""
    registry = park_data.registry()
    code, span = subject_or_404(registry, subject).code, period_or_404(period)
    if not (isinstance(request.user, AbstractUser) and may_report(request.user, registry, code)):
        raise PermissionDenied
    if request.method == "POST":
        return _brought(request, registry, code, span)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "month.xlsx"
        write_template(target, registry, code, span)
        content = target.read_bytes()
    name = f'attachment; filename="{code}-{span.label}.xlsx"'
    ascii_name = name if name.isascii() else f'attachment; filename="{span.label}.xlsx"'
    return HttpResponse(content, content_type=EXCEL, headers={"Content-Disposition": ascii_name})


def _kept_name(sent: str) -> str:
    """The name under which the file is kept: the sent one, as much of it as a folder takes, its ending whole."""
    name = Path("".join(each for each in sent if each.isprintable())).name or "month.xlsx"
    stem, ending = Path(name).stem, Path(name).suffix[:16]
    while len(f"{stem}{ending}".encode()) > MOST_NAME:
        stem = stem[:-1]
    return f"{stem}{ending}"


def _brought(request: HttpRequest, registry: Registry, code: str, span: Period) -> HttpResponse:
    sent = request.FILES.get("file")
    context: dict[str, Any] = {"subject": code, "period": span.label, "here": "months"}
    context["subject_name"] = full_name(registry, code).in_language(reading_language())
    if not isinstance(sent, UploadedFile) or not sent.size or sent.size > MOST_BYTES:
        alert = gettext("没有选文件，或它超过 4 MB，没有收下；请选从这里下载、填好的工作簿。")
        return render(request, "web/month_workbook.html", {**context, "alert": alert}, status=413)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _kept_name(str(sent.name))
        path.write_bytes(sent.read())
        if not is_template(path):
            alert = gettext("这不是从这里下载的工作簿（或打不开），没有收下；请先下载，填好再传。")
            return render(request, "web/month_workbook.html", {**context, "alert": alert}, status=422)
        answer = _received(request, registry, code, path)
    found = [each.message.in_language(reading_language()) for each in answer.rejected]
    remarks = [each.message.in_language(reading_language()) for each in answer.remarks]
    context |= {"answer": answer, "errors": found, "remarks": remarks, "entry": next(iter(answer.entries.values()), "")}
    return render(request, "web/month_workbook.html", context, status=422 if found and not answer.accepted else 200)


def _received(request: HttpRequest, registry: Registry, code: str, path: Path) -> Answer:
    own = frozenset(each.code for each in registry.below(code))
    data, who = park_data.data_folder(), request.user.get_username()
    reception = Reception(data, who, at=park_data.clock(), door="form", own=own, journal=own_journal.opened)
    return reception.file(path, FileMapping(), Manner(partial=request.POST.get("partial") == "1"), registry)
