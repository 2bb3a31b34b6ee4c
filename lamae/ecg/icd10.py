"""Where the codes stand in ICD-10-CM, and what is doubtful about our map to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lamae.ecg.labels import Span
from lamae.errors import InputError

# Only those in which a code of ours lies; long titles are shortened.
CHAPTERS = (
    Span("E00", "E89", "Endocrine, nutritional and metabolic diseases"),
    Span("I00", "I99", "Diseases of the circulatory system"),
    Span("R00", "R99", "Symptoms, signs and abnormal clinical and laboratory findings"),
    Span("Z00", "Z99", "Factors influencing health status and contact with health services"),
)
BLOCKS = (
    Span("E70", "E88", "Metabolic disorders"),
    Span("I20", "I25", "Ischemic heart diseases"),
    Span("I30", "I5A", "Other forms of heart disease"),
    Span("R00", "R09", "Symptoms and signs of the circulatory and respiratory systems"),
    Span("R90", "R94", "Abnormal findings in function studies, without diagnosis"),
    Span("Z77", "Z99", "Persons with potential health hazards"),
)


@dataclass(frozen=True)
class Urgent:
    """What an ECG may show that must be acted on at once.

    Attributes:
        name: For people, in the middle of a sentence.
        code: The start of its codes in ICD-10-CM.
    """

    name: str
    code: str


# A choice of ours; what an ECG alone can show of them differs.
URGENT = (
    Urgent("acute infarction", "I21"),
    Urgent("ventricular tachycardia", "I47.2"),
    Urgent("ventricular fibrillation", "I49.0"),
    Urgent("complete AV block", "I44.2"),
    Urgent("second-degree AV block", "I44.1"),
    Urgent("supraventricular tachycardia", "I47.1"),
    Urgent("atrial flutter", "I48.92"),
    Urgent("pre-excitation", "I45.6"),
    Urgent("hyperkalaemia", "E87.5"),
)

_INFARCTION = (
    "the ECG does not date an infarction: old is assumed, and an acute one has another code"
)
_INJURY = "an ST-T pattern, no infarction without biomarkers; unconfirmed, it is R94.31"
_ISCHEMIA = (
    "chronic disease is the default of the index for ischaemia; an acute one is I24.9, an "
    "unconfirmed finding R94.31"
)
_PATTERN = "the code follows the index's entry on the pulse; the origin of the beats is left open"
# For every statement that does not fit its code with high confidence: why.
DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        "IRBBB": "the code does not tell incomplete from complete block",
        "LVH": "hypertrophy due to hypertension is I11; ECG criteria are only moderately specific",
        "RVH": "the code does not name the chamber; with cor pulmonale it is I27.81",
        "SEHYP": "septal hypertrophy has no code of its own; the code says cardiomegaly",
        "LAO/LAE": "a criterion of the P wave alone would be R94.31",
        "RAO/RAE": "a criterion of the P wave alone would be R94.31",
        **dict.fromkeys(
            ("IMI", "ASMI", "ILMI", "AMI", "ALMI", "LMI", "IPLMI", "IPMI", "PMI"), _INFARCTION
        ),
        **dict.fromkeys(("INJAS", "INJAL", "INJIN", "INJLA", "INJIL"), _INJURY),
        "DIG": "an expected effect of the drug, coded as a finding",
        "LNGQT": "a long QT is a finding; the syndrome, I45.81, is a diagnosis",
        **dict.fromkeys(("ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA", "ISCAN"), _ISCHEMIA),
        "ANEUR": "“compatible with” is no diagnosis until imaging confirms it",
        "EL": "the ECG does not tell which electrolyte, or whether a drug",
        "LPR": "PTB-XL keeps a long PR apart from first-degree block; R94.31 is more cautious",
        "SARRH": "usually physiological, and then not coded",
        "SVARR": "the kind of arrhythmia is not stated; a tachycardia is I47.10",
        "BIGU": _PATTERN,
        "TRIGU": _PATTERN,
        "PSVT": "the mechanism is not stated; with one it is I47.19",
    }
)


def chapter_of(code: str) -> Span:
    """The chapter of a code.

    Raises:
        InputError: It lies in none that is known here.
    """
    return _holding(CHAPTERS, code)


def block_of(code: str) -> Span:
    """The block of a code.

    Raises:
        InputError: It lies in none that is known here.
    """
    return _holding(BLOCKS, code)


def not_coded(offered: Iterable[str]) -> str | None:
    """Which urgent conditions have no code among these, in one sentence; None where all have."""
    codes = tuple(offered)
    absent = [
        f"{urgent.name} ({urgent.code})"
        for urgent in URGENT
        if not any(code.startswith(urgent.code) for code in codes)
    ]
    if not absent:
        return None
    return f"Not among the codes: {', '.join(absent)}. Nothing here speaks for or against them."


def _holding(spans: tuple[Span, ...], code: str) -> Span:
    for span in spans:
        if span.holds(code):
            return span
    raise InputError(f"The code {code!r} lies in no chapter of ICD-10-CM that is used here.")
