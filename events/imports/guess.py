"""A mapping for who has none: from the columns' names and from what they hold.

Guessed, printed, and meant to be read: `--write-mapping` saves it for correction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.clock import DAY, to_iso
from events.imports.cells import MISSING, NO, YES
from events.imports.plan import FACTS, Outcome, Plan, Status, When, Who
from events.imports.profile import MOST_DISTINCT, UNIQUE, Column, Kind, Profile, words_of
from events.imports.source import Source

_ID = ("lead id", "prospect id", "contact id", "mql id", "crm id", "record id", "id", "lead number")
_NO_LEAD = re.compile(
    r"\b(account|company|owner|campaign|seller|type|stage|pipeline|portal|parent)\b"
)
"""Ids of something else."""
_USER = ("user id", "userid", "external id", "customer id")
_CREATED = ("created date", "created at", "create date", "createdate", "created", "creation date",
            "date created", "first contact date", "date added", "added on", "signup date",
            "date entered", "lead date", "date")  # fmt: skip
_CLOSED = ("closed date", "close date", "closedate", "closed at", "won date", "closed won date",
           "date closed", "closed", "close", "converted date", "conversion date")  # fmt: skip
_STATUS = ("status", "deal status", "deal stage", "stage name", "stage", "dealstage", "outcome",
           "result", "lead status", "opportunity stage", "is won", "won", "converted",
           "is converted", "conversion", "purchased", "bought", "subscribed", "revenue", "deposit",
           "target", "label", "y")  # fmt: skip
_DEAL = ("deal id", "opportunity id", "offer id", "dealid")
_VALUE = ("amount", "deal value", "value", "deal amount", "price", "acv", "arr")
_ACCOUNT = ("account id", "company id", "account", "account name", "company", "company name",
            "organization", "organisation")  # fmt: skip
_OWNER = ("owner", "owner id", "lead owner", "deal owner", "sales rep", "rep id", "sr id")
_FACTS = {"source": ("lead source", "source", "original source"), "channel": ("channel", "medium"),
          "title": ("job title", "jobtitle", "title"), "seniority": ("seniority",),
          "role": ("role", "function", "department")}  # fmt: skip
_PREFIXES = re.compile(r"^(property|lead|hs|contact) (?=\w)")

_WON = re.compile(r"\b(won|win|converted|customer|success(ful)?|signed|purchased|bought)\b")
_LOST = re.compile(
    r"\b(lost|loss|lose|dead|disqualified|unqualified|rejected|declined|junk|churned)\b"
)
_OPEN = re.compile(r"\b(open|new|active|pending|working|in progress|negotiation|undecided)\b")
MOST_ENDS = 60
"""A status has fewer different words than this."""


def guess(source: Source, seen: Profile, need: str, now: int, days_back: int) -> Plan:
    """The likeliest mapping; `check` still has the last word. `days_back`: a file without dates is
    taken to be so old that all its label windows are over.
    """
    columns = seen.columns
    free = dict(columns)
    plan = Plan()
    plan.file.delimiter = source.delimiter if source.delimiter not in {"", ","} else None
    plan.file.encoding = source.encoding if source.encoding not in {"", "utf-8"} else None
    outcome = _outcome(seen, free)
    plan.lead = _who_closed(free, outcome) if need == "outcomes" else _who(free, unique=True)
    plan.outcome = outcome
    if need == "outcomes":
        return plan
    plan.without_id = "keep" if not _always(plan.lead, columns) else "refuse"
    plan.created = _created(free) or When(day=to_iso(now - (days_back + 1) * DAY)[:10])
    plan.account = _pick(free, _ACCOUNT, (Kind.WORD, Kind.ID, Kind.NUMBER))
    plan.owner = _pick(free, _OWNER, (Kind.WORD, Kind.NUMBER, Kind.PERSONAL))
    for column in (plan.account, plan.owner):
        free.pop(column or "", None)
    for name in FACTS:
        if column := _pick(columns, _FACTS.get(name, ()), (Kind.WORD,)):
            plan.facts[name] = column
    if outcome is None or outcome.status.column is None:
        plan.outcome = outcome if outcome and outcome.status.all is None else None
    _list_columns(plan, columns, free)
    return plan


def _list_columns(plan: Plan, columns: dict[str, Column], free: dict[str, Column]) -> None:
    """Every column stands in a written mapping, so that it can be seen and changed there."""
    kinds = {Kind.NUMBER, Kind.WORD, Kind.FLAG, Kind.DATE}
    for name, one in columns.items():
        if name in free:
            plan.columns[name] = one.kind.value if one.kind in kinds else "ignore"  # type: ignore[assignment]


def _always(who: Who, columns: dict[str, Column]) -> bool:
    """Every row names its lead."""
    given = [column for column in (who.crm_id, who.email, who.user_id) if column]
    return any(columns[column].missing == 0 for column in given)


def _who_closed(free: dict[str, Column], outcome: Outcome | None) -> Who:
    """Whose deal it is. A file of deals calls their own ids `id`."""
    own = next((name for name in free if words_of(name) == "id"), None)
    if outcome is not None and outcome.deal_id is None:
        outcome.deal_id = own
    for column in (own, outcome.deal_id if outcome else None):
        free.pop(column or "", None)
    return _who(free, unique=False)


def _who(free: dict[str, Column], *, unique: bool) -> Who:
    """`unique`: the id has to differ in nearly each row."""
    ids = {name: one for name, one in free.items() if _id_like(one, unique=unique)}
    crm_id = _pick(ids, _ID, tuple(Kind)) or (_ending_in_id(ids) if unique else None)
    user_id = _pick(ids, _USER, tuple(Kind))
    email = _pick(free, ("email", "email address", "e mail"), (Kind.EMAIL,)) or next(
        (name for name, one in free.items() if one.kind is Kind.EMAIL), None
    )
    who = Who(crm_id, email, None if user_id == crm_id else user_id)
    for column in (who.crm_id, who.email, who.user_id):
        free.pop(column or "", None)
    return who


def _id_like(one: Column, *, unique: bool) -> bool:
    if one.kind in {Kind.EMPTY, Kind.CONSTANT, Kind.DATE, Kind.EMAIL, Kind.FLAG, Kind.TEXT}:
        return False
    filled = one.rows * (1 - one.missing)
    return not unique or one.distinct >= min(UNIQUE * filled, MOST_DISTINCT)


def _ending_in_id(ids: dict[str, Column]) -> str | None:
    return next((name for name in ids if _ends_in_id(words_of(name))), None)


def is_called_like_an_id(name: str) -> bool:
    """Of a lead: `Prospect ID`, not `Account ID`."""
    return _rank(words_of(name), _ID) < len(_ID) or _ends_in_id(words_of(name))


def _ends_in_id(words: str) -> bool:
    return bool(re.search(r"\b(id|uuid|guid)$", words)) and not _NO_LEAD.search(words)


def _created(free: dict[str, Column]) -> When | None:
    column = _pick(free, _CREATED, (Kind.DATE,))
    return _when(column, free) if column else None


def _when(column: str, free: dict[str, Column]) -> When:
    one = free.pop(column)
    if one.ambiguous:  # a guess that stands in the mapping can be seen there
        return When(column=column, format="month_first" if one.month_first else "day_first")
    return When(column=column)


def _outcome(seen: Profile, free: dict[str, Column]) -> Outcome | None:
    """A column whose words say won and lost; else, where there is a date of winning, all won."""
    column, status = _status(seen)
    closed = _pick(free, _CLOSED, (Kind.DATE,))
    ended = status is not None and (status.won or status.lost)
    if not ended and closed is not None and "won" in words_of(closed):
        column, status = None, Status(all="won")
    if status is None:
        return None
    free.pop(column or "", None)
    return Outcome(
        status=status,
        deal_id=_pick(free, _DEAL, (Kind.ID, Kind.WORD, Kind.NUMBER)),
        closed=_when(closed, free) if closed else None,
        value=_pick(seen.columns, _VALUE, (Kind.NUMBER,)),
    )


def _status(seen: Profile) -> tuple[str | None, Status | None]:
    """A column of several words stands before one whose only word is the same in every row."""
    kinds = {Kind.WORD, Kind.FLAG, Kind.NUMBER, Kind.CONSTANT}
    likely = sorted(
        (one.distinct == 1, _rank(words_of(name), _STATUS), at, name)
        for at, (name, one) in enumerate(seen.columns.items())
        if one.kind in kinds and one.distinct <= MOST_ENDS
    )
    for _, rank, _, name in likely:
        status = _ends(name, seen.texts.get(name, {}), named=rank < len(_STATUS))
        if status is not None:
            return name, status
    return None, None


def _ends(column: str, texts: Iterable[str], *, named: bool) -> Status | None:
    """Words that say won or lost; yes and no, and a word without another beside it, count only in
    a column called like an outcome.
    """
    words = sorted(text for text in texts if text.lower() not in MISSING)
    if len(words) == 1:
        return _one_end(column, words[0]) if named else None
    if words and named and all(word.lower() in YES | NO for word in words):
        won = [word for word in words if word.lower() in YES]
        lost = [word for word in words if word.lower() in NO]
        return Status(column=column, won=won, lost=lost) if won and lost else None
    lost = [word for word in words if _LOST.search(words_of(word))]
    won = [word for word in words if _WON.search(words_of(word)) and word not in lost]
    if not won or not lost:
        return None
    return Status(column=column, won=won, lost=lost,
                  open=[word for word in words if word not in {*won, *lost}])  # fmt: skip


def _one_end(column: str, word: str) -> Status | None:
    """Guessed away, leads that were all won would count as lost. A bare digit may be an amount."""
    told, bare = words_of(word), word.lower()
    if _LOST.search(told) or (bare in NO and not bare.isdigit()):
        return Status(column=column, lost=[word])
    if _WON.search(told) or (bare in YES and not bare.isdigit()):
        return Status(column=column, won=[word])
    return Status(column=column, open=[word]) if _OPEN.search(told) else None


def _pick(columns: Iterable[str] | dict[str, Column], names: tuple[str, ...],
          kinds: tuple[Kind, ...]) -> str | None:  # fmt: skip
    """The column with the earliest of these names."""
    held = columns if isinstance(columns, dict) else {}
    ranked = sorted(
        (_rank(words_of(name), names), at, name)
        for at, (name, one) in enumerate(held.items())
        if one.kind in kinds
    )
    return ranked[0][2] if ranked and ranked[0][0] < len(names) else None


def _rank(words: str, names: tuple[str, ...]) -> int:
    """Its place among the names, with or without what a tool writes before them."""
    bare = _PREFIXES.sub("", words)
    places = [names.index(told) for told in (words, bare) if told in names]
    return min(places, default=len(names))
