"""The demo park's people: one of each role, with new passwords each time, told to whoever started the demo.

They are made in the data folder that XIETONG_DATA names. Which role may do what is the park's business.
"""

import secrets

from django.conf import settings

from xietong.park.founding import found
from xietong.park.people import ROLES, make_person


def renew() -> dict[str, str]:
    """Found the data folder, make the people who are not there, give everyone a new password: {name: password}."""
    found(settings.DATA)
    passwords = {}
    for role in ROLES:
        passwords[role] = secrets.token_urlsafe(12)
        user, new = make_person(role, passwords[role], role)
        if not new:
            user.set_password(passwords[role])
            user.save(update_fields=["password"])
    return passwords
