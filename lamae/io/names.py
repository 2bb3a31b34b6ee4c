"""Lead names and units as files write them, mapped to ours."""

import re
from collections.abc import Iterable

from lamae.ecg import LEADS
from lamae.errors import ReadError

_WORDS = frozenset({
    "LEAD", "LEADS", "ECG", "EKG", "MDC", "ELEC", "POTL", "DERIVATION", "LIMB", "CHEST",
    "PRECORDIAL", "AUGMENTED", "EINTHOVEN", "GOLDBERGER", "WILSON", "MV", "UV",
})  # fmt: skip
_NEGATIVE = frozenset({"MINUS", "NEG", "NEGATIVE", "INV", "INVERTED"})
_LEADS = {lead.upper(): lead for lead in LEADS}
_LEADS |= {"DI": "I", "DII": "II", "DIII": "III", "D1": "I", "D2": "II", "D3": "III"}
_NUMBERED = {"1": "I", "2": "II", "3": "III"}
_COUNTED = re.compile(r"\W*LEADS?[\W_]*(\d{1,3})\W*(?:[muμ]?V\W*)?", re.IGNORECASE)
_UNITS = {
    "mv": 1.0, "millivolt": 1.0, "millivolts": 1.0,
    "uv": 1e-3, "μv": 1e-3, "microvolt": 1e-3, "microvolts": 1e-3,
    "v": 1e3, "volt": 1e3, "volts": 1e3,
}  # fmt: skip
LONGEST_UNIT = 80
_STEP = re.compile(r"\s*(\d{1,9}(?:\.\d{1,12})?(?:e-?\d{1,2})?)?\s*([^\d\s.]+)\s*", re.IGNORECASE)


def standard_lead(name: str) -> tuple[str, int] | None:
    """The standard lead that a channel's name means, and its sign.

    Understands "Lead I (Einthoven)", "MDC_ECG_LEAD_I", "AVR", "DI", "ecg v 1", "-aVR".

    Returns:
        The lead as in `lamae.ecg.LEADS` and 1, or -1 where the name marks it as inverted; None
        where the name is not surely one of the twelve ("MLII", "V4R", "C1", "1", "ECG1").
    """
    text = name[:80].replace("−", "-").replace("–", "-").upper()
    sign = -1 if re.search(r"(?:^|[\s_(])-(?=[A-Z])", text) else 1
    kept: list[str] = []
    says_lead = False
    for word in re.split(r"[\W_]+", text):
        if word in _NEGATIVE:
            sign = -1
            continue
        says_lead |= word.startswith("LEAD")
        # "ECG1" is the first channel of a Holter recorder, whatever its electrodes.
        for prefix in ("LEAD", "ECG", "EKG"):
            word = word.removeprefix(prefix)
        if word and word not in _WORDS:
            kept.append(word)
    # "A V R" is one name in three words, but "I-II" is two names and must not become "III".
    if len(kept) > 1 and kept[0] not in ("A", "AV", "V", "D"):
        return None
    joined = "".join(kept)
    lead = _LEADS.get(joined) or (_NUMBERED.get(joined) if says_lead else None)
    return (lead, sign) if lead else None


def count_channels(names: Iterable[str]) -> bool:
    """Whether the names count channels, as "Lead 1" to "Lead 12" do, and name no leads."""
    matches = [_COUNTED.fullmatch(name[:80]) for name in names]
    return any(match and match[1].lstrip("0") not in _NUMBERED for match in matches)


def refuse_counted(names: Iterable[str]) -> None:
    """Refuse a recording whose channels are counted, not named.

    Raises:
        ReadError: They are: which lead each is would be a guess.
    """
    if count_channels(names):
        raise ReadError(
            "The channels are numbered, not named after their leads; expected names such as I, "
            "II, V1. Name the channels after their leads."
        )


def mv_per_unit(unit: str) -> float | None:
    """How many mV one unit is: "mV", "uV" (or "µV"), "V", or a step such as "4.88 uV".

    A step serves files in device counts, whose size only the device's manual gives.

    Returns:
        mV per unit; None where the unit is not one of these.
    """
    # Time to match grows with the square of the length.
    text = unit.strip().replace("µ", "μ")
    match = _STEP.fullmatch(text) if len(text) <= LONGEST_UNIT else None
    scale = _UNITS.get(match[2].lower()) if match else None
    if match is None or scale is None:
        return None
    step = float(match[1] or 1)
    return step * scale if 0 < step < 1e9 else None


def given_unit(unit: str) -> float:
    """How many mV one unit is, where a person named it.

    Raises:
        ReadError: The unit is not known.
    """
    scale = mv_per_unit(unit)
    if scale is None:
        raise ReadError(
            "The unit given is not known; expected mV, uV or V, or the size of one step for a "
            'file in device counts, such as "4.88 uV".'
        )
    return scale
