"""The log of the pages: a JSON object a line on standard error, with the id of the request that the error page shows.

Control characters stand escaped, so that nothing that was sent writes a line of its own or moves a terminal.
"""

import json
import logging
from datetime import UTC, datetime

LONGEST = 2_000
# Under this name a request carries its id.
REQUEST = "xietong.request"


class JsonLines(logging.Formatter):
    """time (UTC), level, logger, message; of a request its id, method, address, who and from where; the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
        }
        request = getattr(record, "request", None)
        if request is not None:
            told |= {
                "request": getattr(request, "META", {}).get(REQUEST, ""),
                "method": getattr(request, "method", ""),
                "path": request.get_full_path()[:LONGEST] if hasattr(request, "get_full_path") else "",
                "who": str(getattr(request, "_cached_user", "")),
                "address": getattr(request, "META", {}).get("REMOTE_ADDR", ""),
            }
        status = getattr(record, "status_code", None)
        if status is not None:
            told["status"] = status
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True)
