"""XML files of every device format, built from a known ECG of whole microvolts."""

import base64
import zlib

import numpy as np

from lamae.ecg import ECG, INDEPENDENT_LEADS, LEADS


def microvolts(ecg: ECG, lead: str) -> np.ndarray:
    return np.round(ecg.lead(lead).astype(np.float64) * 1000).astype(np.int64)


def words(values: np.ndarray, separator: str = " ") -> str:
    return separator.join(map(str, values.tolist()))


def hl7(
    ecg: ECG,
    *,
    unit: str = "uV",
    step: float = 1.0,
    origin: float = 0.0,
    origin_unit: str | None = None,
    leads: tuple[str, ...] = LEADS,
    code: str = "RHYTHM",
    annotations: str = "",
    more: str = "",
) -> bytes:
    """Steps of 1 uV whatever the unit; `origin` is in uV, written in its own unit."""
    size = {"uV": 1.0, "mV": 1e-3, "V": 1e-6}
    lines = []
    for lead in leads:
        digits = (microvolts(ecg, lead) - origin) / step
        lines.append(
            f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}"/>'
            f'<value xsi:type="SLIST_PQ">'
            f'<origin value="{origin * size[origin_unit or unit]:.9g}" unit="{origin_unit or unit}"/>'
            f'<scale value="{step * size[unit]:.9g}" unit="{unit}"/>'
            f"<digits>{words(np.round(digits).astype(np.int64))}</digits></value></sequence></component>"
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" type="Observation">
<effectiveTime><center value="20021122091000"/></effectiveTime>
<componentOf><subject><subjectDemographicPerson><name>Doe</name>
<administrativeGenderCode code="F"/><birthTime value="19530508"/>
</subjectDemographicPerson></subject></componentOf>
{more}
<component><series><code code="{code}"/>
<controlVariable><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_LOW_PASS"/>
<component><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ"/>
<value xsi:type="PQ" value="150" unit="Hz"/></controlVariable></component></controlVariable></controlVariable>
<component><sequenceSet>
<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">
<head value="20021122091000"/><increment value="{1 / ecg.fs:.9g}" unit="s"/></value></sequence></component>
{"".join(lines)}
</sequenceSet></component>
<derivation><derivedSeries><code code="REPRESENTATIVE_BEAT"/><component><sequenceSet>
<component><sequence><code code="MDC_ECG_LEAD_I"/><value><scale value="9" unit="uV"/>
<digits>1 2 3</digits></value></sequence></component></sequenceSet></component></derivedSeries></derivation>
{annotations}
</series></component></AnnotatedECG>""".encode()


def annotation(
    code: str, value: str = "", unit: str = "ms", lead: str = "", inner: str = ""
) -> str:
    """One annotation of an aECG, tied to a lead where one is given."""
    region = (
        f'<support><supportingROI><component><boundary><code code="MDC_ECG_LEAD_{lead}"/>'
        "</boundary></component></supportingROI></support>"
        if lead
        else ""
    )
    return (
        f'<component><annotation><code code="{code}"/><value value="{value}" unit="{unit}"/>'
        f"{region}{inner}</annotation></component>"
    )


def annotation_set(content: str, author: str = "assignedDevice") -> str:
    return (
        "<subjectOf><annotationSet><author><assignedEntity><assignedAuthorType>"
        f"<{author}><name>Roe</name></{author}></assignedAuthorType></assignedEntity></author>"
        f"{content}</annotationSet></subjectOf>"
    )


def muse(
    ecg: ECG, *, leads: tuple[str, ...] = INDEPENDENT_LEADS, step: float = 1.0, patient: str = ""
) -> bytes:
    """An averaged beat, then the rhythm; steps of `step` uV."""
    person = patient or "<PatientAge>61</PatientAge><AgeUnits>YEARS</AgeUnits>"
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE RestingECG SYSTEM "restecg.dtd">
<RestingECG><PatientDemographics><PatientID>4711</PatientID>{person}
<DateofBirth>05-17-1941</DateofBirth><Gender>MALE</Gender>
<PatientLastName>Müller-Doe</PatientLastName></PatientDemographics>
<TestDemographics><AcquisitionDate>05-16-2002</AcquisitionDate></TestDemographics>
<RestingECGMeasurements><VentricularRate>62</VentricularRate><PRInterval>150</PRInterval>
<QRSDuration>92</QRSDuration><QTInterval>400</QTInterval><QTCorrected>406</QTCorrected>
<PAxis>-32768</PAxis><RAxis>-20</RAxis><TAxis>x</TAxis><QTcFrederica>404</QTcFrederica>
</RestingECGMeasurements>
{_muse_waveform("Median", ecg.window(0.0, 1.0), leads, step)}
{_muse_waveform("Rhythm", ecg, leads, step)}
</RestingECG>""".encode("iso-8859-1")


def _muse_waveform(kind: str, ecg: ECG, leads: tuple[str, ...], step: float) -> str:
    lines = []
    for lead in leads:
        content = np.round(microvolts(ecg, lead) / step).astype("<i2").tobytes()
        lines.append(
            f"<LeadData><LeadTimeOffset>0</LeadTimeOffset>"
            f"<LeadSampleCountTotal>{len(content) // 2}</LeadSampleCountTotal>"
            f"<LeadAmplitudeUnitsPerBit>{step:g}</LeadAmplitudeUnitsPerBit>"
            f"<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>{lead}</LeadID>"
            f"<LeadOffsetFirstSample>0</LeadOffsetFirstSample><LeadSampleSize>2</LeadSampleSize>"
            f"<LeadOff>FALSE</LeadOff><LeadDataCRC32>{zlib.crc32(content)}</LeadDataCRC32>"
            f"<WaveFormData>\n{base64.encodebytes(content).decode()}</WaveFormData></LeadData>"
        )
    return (
        f"<Waveform><WaveformType>{kind}</WaveformType><SampleBase>{ecg.fs:g}</SampleBase>"
        "<SampleExponent>0</SampleExponent><HighPassFilter>16</HighPassFilter>"
        f"<LowPassFilter>150</LowPassFilter><ACFilter>60</ACFilter>{''.join(lines)}</Waveform>"
    )


def sapphire(ecg: ECG, *, gaps: tuple[int, ...] = ()) -> bytes:
    """Steps of 1 uV; the samples at `gaps` are marked invalid in V3."""
    lines, beat = [], []
    for lead in LEADS:
        values = microvolts(ecg, lead)
        if lead == "V3":
            values[list(gaps)] = -32768
        lines.append(
            f'<ecgWaveform lead="{lead.upper()}" asizeVT="{len(values)}" VT="xs:short" '
            f'label="{lead}" V="{words(values)}"/>'
        )
        beat.append(f'<ecgWaveform lead="{lead.upper()}" asizeVT="3" V="1 2 3"/>')
    head = (
        '<ecgWaveformMXG U="uV" S="1" INV="-32768"><filters><highPass><frequency V="0.16" U="Hz"/>'
    )
    head += (
        '</highPass><algorithm><name V="Compensation"/><purpose V="Filters mains noise at 50Hz"/>'
        '</algorithm><lowPass><frequency V="150" U="Hz"/></lowPass></filters>'
        f'<sampleRate V="{ecg.fs:g}" U="Hz"/>'
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<sapphire xmlns="urn:ge:sapphire:dcar_1"><dcarRecord><patientInfo>
<name><family V="Doe"/></name><age V="61" U="yr"/><gender V="M"/>
<visit><order><ecgResting><params><ecg source="ge:MAC800" index="0">
<var><medianTemplate><measurements><global>
<QRS_Duration V="76" U="ms" INV="-32768"/><QT_Interval V="368" U="ms"/>
<PR_Interval V="200" U="ms" INV="200"/><R_Axis V="59" U="deg" INV="-32768"/></global></measurements>
{head}{"".join(beat)}</ecgWaveformMXG></medianTemplate></var>
<wav>{head}{"".join(lines)}</ecgWaveformMXG></wav>
<num><ventricularRate V="83" U="{{beat}}/min" INV="-32768"/></num>
</ecg></params></ecgResting></order></visit></patientInfo></dcarRecord></sapphire>""".encode()


def cardiosoft(ecg: ECG) -> bytes:
    """Steps of 1 uV, commas between samples, and the encoding named as CardioSoft does."""
    lines = [
        f'<WaveformData lead="{lead}">{words(microvolts(ecg, lead), ",")}</WaveformData>'
        for lead in LEADS
    ]
    return f"""<?xml version="1.0" encoding="ISO8859-1" ?>
<CardiologyXML><ObservationType>RestECG</ObservationType>
<PatientInfo><PID>4711</PID><Name><FamilyName>Döe</FamilyName></Name>
<Age units="Years">61</Age><Gender>FEMALE</Gender></PatientInfo>
<FilterSetting><Filter50Hz>Yes</Filter50Hz><Filter60Hz>No</Filter60Hz>
<LowPass units="Hz">150</LowPass></FilterSetting>
<RestingECGMeasurements><VentricularRate units="BPM">61</VentricularRate>
<PQInterval units="ms">150</PQInterval><RAxis units="degrees">40</RAxis>
<MedianSamples><WaveformData lead="I">1,2,3</WaveformData></MedianSamples></RestingECGMeasurements>
<StripData><NumberOfLeads>12</NumberOfLeads><SampleRate units="Hz">{ecg.fs:g}</SampleRate>
<ChannelSampleCountTotal>{ecg.signal.shape[1]}</ChannelSampleCountTotal>
<Resolution units="uVperLsb">1</Resolution>{"".join(lines)}</StripData>
</CardiologyXML>""".encode("iso-8859-1")


def philips_steps(ecg: ECG, mark: float = 0.0) -> np.ndarray:
    """The limb leads as the device has them (halves rounded down), with a mark of `mark` mV."""
    one, two = microvolts(ecg, "I"), microvolts(ecg, "II")
    three = two - one
    limb = [one, two, three, -((one + two) >> 1), (one - three) >> 1, (two + three) >> 1]
    steps = np.stack(limb + [microvolts(ecg, lead) for lead in LEADS[6:]])
    if mark:
        tail = np.zeros(round(0.4 * ecg.fs), np.int64)
        tail[len(tail) // 4 : -len(tail) // 4] = round(mark * 1000)
        steps = np.hstack([steps, np.tile(tail, (len(steps), 1))])
    return steps


def philips(
    ecg: ECG, *, version: str = "1.04.01", coding: str = "xli", mark: float = 1.0, spare: int = 0
) -> bytes:
    """Steps of 1 uV; 1.03 has no lead names, 1.04.01 is in UTF-16; `spare` unused channels."""
    steps = philips_steps(ecg, mark)
    if coding == "xli":
        one, two, three = steps[0], steps[1], steps[2]
        stored = steps.copy()
        # Small departures, as the device stores them, so that each lead's own block matters.
        stored[2] = (two - one) - three
        stored[3] = -((one + two) >> 1) - steps[3]
        stored[4] = ((one - three) >> 1) - steps[4]
        stored[5] = ((two + three) >> 1) - steps[5]
        blocks = [xli_block(row) for row in stored] + [xli_block(stored[0] * 0)] * spare
        samples = base64.encodebytes(b"".join(blocks)).decode()
    elif coding == "base64":
        samples = base64.encodebytes(steps.astype("<i2").tobytes()).decode()
    else:
        samples = words(steps.ravel())
    duration = f"{steps.shape[1] * 1000 / ecg.fs:g}"
    encoding = "Plain" if coding == "plain" else "Base64"
    if version == "1.03":
        flag = "True" if coding == "xli" else "False"
        head = f'compressflag="{flag}" compressmethod="XLI" dataencoding="{encoding}"'
        signal = f"<samplingrate>{ecg.fs:g}</samplingrate><signalresolution>1</signalresolution>"
        signal += (
            "<signalbandwidth>0.05-150</signalbandwidth><acquisitiontype>STD-12</acquisitiontype>"
        )
        measured = "<measurements><globalmeasurements><meanventrate>61</meanventrate>"
        measured += "<meanprint>Failed</meanprint><meanqtint>400</meanqtint></globalmeasurements></measurements>"
        age = "<age><years>50</years></age><sex>Male</sex>"
    else:
        method = "XLI" if coding == "xli" else "Uncompressed"
        labels = " ".join((*LEADS, "V3R", "V4R", "V7", "V8")[: 12 + spare])
        head = f'dataencoding="{encoding}" compression="{method}" numberofleads="12" '
        head += (
            f'leadlabels="{labels}" samplespersecond="{ecg.fs:g}" resolution="1" signaloffset="0" '
        )
        head += 'hipass="0.05" lowpass="150" notchfiltered="False" notchfilterfreqs="0"'
        signal = f"<samplingrate>{ecg.fs:g}</samplingrate>"
        measured = "<interpretations><globalmeasurements><heartrate>64</heartrate><pdur>104</pdur>"
        measured += "<qtcf>408</qtcf></globalmeasurements></interpretations>"
        measured += "<internalmeasurements><crossleadmeasurements><meanventrate>63</meanventrate>"
        measured += "</crossleadmeasurements></internalmeasurements>"
        age = '<age defaultage="50"><dateofbirth>1951-06-01</dateofbirth></age><sex>Unknown</sex>'
    text = f"""<?xml version="1.0" encoding="{"UTF-8" if version == "1.03" else "utf-16"}"?>
<restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>
<documentversion>{version}</documentversion></documentinfo>
<dataacquisition date="2020-05-18"><signalcharacteristics>{signal}</signalcharacteristics></dataacquisition>
<patient><generalpatientdata><name><lastname>Doe</lastname></name>{age}</generalpatientdata></patient>
{measured}
<waveforms><parsedwaveforms durationperchannel="{duration}" {head}>{samples}</parsedwaveforms>
<repbeats/></waveforms></restingecgdata>"""
    return text.encode() if version == "1.03" else text.encode("utf-16")


def xli_block(values: np.ndarray) -> bytes:
    """One lead compressed, by the inverse of each step of reading."""
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    # Each second difference stands one place late, and the first one in the header.
    stored = np.concatenate([values[:2], 64 - second[1:], [64]])
    raw = stored.astype(">i2").tobytes()
    packed = lzw(raw[0::2] + raw[1::2])
    first = int(-second[0])
    return (
        len(packed).to_bytes(4, "little")
        + b"\1\0"
        + first.to_bytes(2, "little", signed=True)
        + packed
    )


def lzw(plain: bytes) -> bytes:
    table = {bytes([code]): code for code in range(256)}
    codes, current = [], b""
    for byte in plain:
        longer = current + bytes([byte])
        if longer in table:
            current = longer
            continue
        codes.append(table[current])
        if len(table) < 1023:
            table[longer] = len(table)
        current = bytes([byte])
    codes.append(table[current])
    return pack_codes([*codes, 1023])


def pack_codes(codes: list[int]) -> bytes:
    bits = "".join(f"{code:010b}" for code in codes)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
