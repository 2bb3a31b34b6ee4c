"""SCP-ECG: the European standard's resting ECG, as electrocardiographs exchange it.

Read by ourselves: the one maintained library that reads compressed records is under the GPL.

Source: EN 1064:2005+A1:2007 (ISO 11073-91064), the numbered sections of which the modules name.
"""

from lamae.io.assemble import Channel, Recording, scaled, settle
from lamae.io.file import File
from lamae.io.scp import facts, rhythm
from lamae.io.scp.container import open_sections


def read(file: File, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read the rhythm of one SCP-ECG record.

    Args:
        file: The file.
        fs: Sampling rate in Hz; the file always states its own, and this is checked against it.
        unit: As `fs`: SCP-ECG is in nV by definition.

    Raises:
        ReadError: A checksum fails, a section is missing or damaged, or it uses a compression
            that cannot be undone exactly.
    """
    sections = open_sections(file.content)
    decoded = rhythm.decode(sections)
    rate, mv = settle(decoded.fs, decoded.step, fs, unit)
    person = facts.person(sections)
    return Recording(
        channels=tuple(Channel(name, scaled(steps, mv)) for name, steps in decoded.leads),
        fs=rate,
        source="SCP-ECG record",
        age=person.age,
        sex=person.sex,
        measurements=facts.measurements(sections),
        filters=person.filters,
        notes=(*sections.notes, *decoded.notes),
    )
