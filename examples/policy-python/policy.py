"""The rules: who may do what. Plain Python, so that `python3 -m unittest` needs no WebAssembly.

The same question must have the same answer, and nothing here may wait, read a file or look at
a clock: the time is part of the question.
"""

import json
from dataclasses import dataclass, field

OWN_CLUB = "own club"
OWN_SESSION = "own session"
EVERYTHING = "everything"
NOTHING = "nothing"

SESSION = (
    "session.view",
    "session.close",
    "recording.start",
    "recording.stop",
    "recording.view",
    "preview.view",
)
FILES = ("file.list", "file.download", "file.delete")
HOST = (
    "plugin.view",
    "plugin.manage",
    "camera.discover",
    "camera.probe",
    "terrain.edit",
)

# What is not in the table is denied.
TABLE = {
    "SUPER_ADMIN": dict.fromkeys(
        ("session.create", "system.cleanup", *SESSION, *FILES, *HOST), EVERYTHING
    ),
    "COACH": {
        "session.create": OWN_CLUB,
        **dict.fromkeys(SESSION, OWN_CLUB),
        "file.list": OWN_CLUB,
        "file.download": OWN_CLUB,
    },
    "PLAYER": {"session.create": OWN_CLUB, **dict.fromkeys(SESSION, OWN_SESSION)},
}

KNOWN_KEYS = ("player_minutes",)
DEFAULT_PLAYER_MINUTES = 90


@dataclass(frozen=True)
class Answer:
    """What is decided: `code` is for programs and stays the same for ever."""

    allow: bool
    code: str
    reason: str = ""
    obligations: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    """The rules with their settings."""

    player_minutes: float = DEFAULT_PLAYER_MINUTES

    def decide(self, *, role, action, user, club, of_club, owner):
        """Answers one question. `None` and the empty text both mean: there is none."""
        row = TABLE.get(role)
        if row is None:
            return Answer(False, "unknown_role", "this role is not known")
        grant = row.get(action, NOTHING)
        if grant == NOTHING:
            return Answer(False, "role_not_allowed", "this role may not do that")
        in_own_club = bool(club) and club == of_club
        if grant != EVERYTHING and not in_own_club:
            return Answer(False, "not_your_club", "this belongs to another club")
        if grant == OWN_SESSION and not (owner and owner == user):
            return Answer(False, "not_your_session", "this session is another user's")
        if role == "PLAYER" and action == "recording.start":
            limit = ("max-duration-minutes", f"{self.player_minutes:g}")
            return Answer(True, "allowed", obligations=[limit])
        return Answer(True, "allowed")


def read(form, text):
    """The rules with these settings, and everything that is wrong with them."""
    if form != "json":
        return Rules(), ["this policy takes no settings_file; use [policy] settings"]
    try:
        settings = json.loads(text)
    except ValueError as error:
        return Rules(), [f"the settings are not JSON: {error}"]
    if not isinstance(settings, dict):
        return Rules(), ["the settings have to be a table of keys"]
    wrong = [
        f"unknown key {key[:40]!r}: there is `player_minutes`"
        for key in settings
        if key not in KNOWN_KEYS
    ]
    minutes = settings.get("player_minutes", DEFAULT_PLAYER_MINUTES)
    # In Python a truth value is a number, too.
    number = isinstance(minutes, (int, float)) and not isinstance(minutes, bool)
    if not number or not 0 < minutes <= 1_000_000:
        wrong.append("`player_minutes` has to be a number of minutes over 0")
        return Rules(), wrong
    return Rules(player_minutes=float(minutes)), wrong
