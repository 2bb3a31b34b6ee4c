"""Which XML format a file is of, by its root element, and the module that reads it."""

from lamae.errors import ReadError
from lamae.io import cardiosoft, hl7, muse, philips, xml
from lamae.io.assemble import Recording

_READERS = {
    "AnnotatedECG": hl7.read,
    "RestingECG": muse.read,
    "sapphire": cardiosoft.read,
    "CardiologyXML": cardiosoft.read,
    "restingecgdata": philips.read,
}


def read(content: bytes, *, fs: float | None = None, unit: str | None = None) -> Recording:
    """Read one XML file of a known format.

    Args:
        content: The whole file.
        fs: Rate in Hz, used only where the file has none.
        unit: Unit of the samples, used only where the file has none.

    Raises:
        AnswerNeeded: The file states no rate or unit.
        ReadError: It is damaged, hostile or of no format that is read.
    """
    root = xml.parse(content)
    reader = _READERS.get(root.tag)
    if reader is None:
        raise ReadError(
            "This is an XML file of no ECG format that is read; expected an HL7 annotated ECG, or "
            "GE MUSE, GE CardioSoft or Philips Sierra XML. Export the recording in one of these."
        )
    return reader(root, fs=fs, unit=unit)
