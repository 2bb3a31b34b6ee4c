"""EDF and BDF files, written field by field so that any of them can be wrong."""

from dataclasses import dataclass, field

import numpy as np

from lamae.ecg import ECG

WIDTHS = {
    "label": 16, "transducer": 80, "unit": 8, "low": 8, "high": 8, "digital_low": 8,
    "digital_high": 8, "prefilter": 80, "samples": 8, "reserved": 32,
}  # fmt: skip
TAL = 30


@dataclass
class Edf:
    """What to write, and how; 1 step is 1 uV, in whichever unit."""

    ecg: ECG
    width: int = 2
    plus: str = ""
    duration: float = 0.1
    unit: str = "uV"
    head: dict[str, str] = field(default_factory=dict)
    # Fields of all leads, or of one: {"low": "0"}, {("low", "V1"): "0"}.
    fields: dict = field(default_factory=dict)
    # Seconds by which the data records from one number on come later.
    gaps: dict[int, float] = field(default_factory=dict)
    extra: tuple[str, int] | None = None


def encode(edf):
    per = round(edf.duration * edf.ecg.fs)
    records = edf.ecg.signal.shape[1] // per
    limit = 2 ** (8 * edf.width - 1)
    size = {"uV": 1.0, "mV": 1e-3, "V": 1e-6}.get(edf.unit, 1.0)
    signals = []
    for lead in edf.ecg.leads:
        # 1,000 steps either way, so that the range fits in eight characters in every unit.
        one = {
            "label": lead, "transducer": "", "unit": edf.unit, "low": f"{-1000 * size:g}",
            "high": f"{1000 * size:g}", "digital_low": "-1000", "digital_high": "1000",
            "prefilter": "", "samples": str(per), "reserved": "",
        }  # fmt: skip
        one |= {key: value for key, value in edf.fields.items() if isinstance(key, str)}
        one |= {key[0]: value for key, value in edf.fields.items() if key[1] == lead}
        signals.append(one)
    kind = "EDF" if edf.width == 2 else "BDF"
    texts = {
        "transducer": "",
        "unit": "",
        "low": "-1",
        "high": "1",
        "prefilter": "",
        "reserved": "",
    }
    whole = {"digital_low": str(-limit), "digital_high": str(limit - 1)}
    if edf.plus:
        tal = TAL // edf.width
        signals.append(texts | whole | {"label": f"{kind} Annotations", "samples": str(tal)})
    if edf.extra:
        label, samples = edf.extra
        signals.append(texts | whole | {"label": label, "samples": str(samples)})
    head = {
        "patient": "X X X X", "recording": "Startdate X X X X", "date": "01.01.00",
        "time": "00.00.00", "size": str(256 * (len(signals) + 1)),
        "reserved": f"{kind}+{edf.plus}" if edf.plus else "", "records": str(records),
        "duration": f"{edf.duration:g}", "signals": str(len(signals)),
    }  # fmt: skip
    head |= edf.head
    widths = (80, 80, 8, 8, 8, 44, 8, 8, 4)
    out = b"0       " if edf.width == 2 else b"\xffBIOSEMI"
    out += "".join(t.ljust(w) for t, w in zip(head.values(), widths, strict=True)).encode("latin-1")
    for name, width in WIDTHS.items():
        out += "".join(one[name].ljust(width) for one in signals).encode("latin-1")
    counts = np.rint(edf.ecg.signal.astype(np.float64) * 1000).astype("<i4")
    late = 0.0
    for number in range(records):
        late += edf.gaps.get(number, 0.0)
        for row in counts[:, number * per : (number + 1) * per]:
            out += np.ascontiguousarray(row)[:, None].view(np.uint8)[:, : edf.width].tobytes()
        if edf.plus:
            onset = f"{number * edf.duration + late:+g}\x14\x14\0".encode()
            out += onset.ljust(TAL, b"\0")
        if edf.extra:
            out += b"\x05" * (edf.extra[1] * edf.width)
    return out
