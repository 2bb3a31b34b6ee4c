"""The label set of PTB-XL: SCP-ECG statements, ICD-10-CM codes, and our map between them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lamae.ecg.icd10 import DOUBTS, block_of, chapter_of
from lamae.ecg.labels import Code, LabelSet, Statement

# No authoritative public map from SCP-ECG to ICD-10-CM exists; this one is ours.
_TABLE = (
    Statement("NORM", "normal ECG", "diagnostic", "", "high"),
    Statement("LAFB", "left anterior fascicular block", "diagnostic", "I44.4", "high"),
    Statement("LPFB", "left posterior fascicular block", "diagnostic", "I44.5", "high"),
    Statement("IRBBB", "incomplete right bundle branch block", "diagnostic", "I45.10", "medium"),
    Statement("CRBBB", "complete right bundle branch block", "diagnostic", "I45.10", "high"),
    Statement("CLBBB", "complete left bundle branch block", "diagnostic", "I44.7", "high"),
    Statement("ILBBB", "incomplete left bundle branch block", "diagnostic", "I44.7", "high"),
    Statement("1AVB", "first degree AV block", "diagnostic", "I44.0", "high"),
    Statement("2AVB", "second degree AV block", "diagnostic", "I44.1", "high"),
    Statement("3AVB", "third degree AV block", "diagnostic", "I44.2", "high"),
    Statement(
        "IVCD",
        "non-specific intraventricular conduction disturbance (block)",
        "diagnostic",
        "I45.4",
        "high",
    ),
    Statement("WPW", "Wolff-Parkinson-White syndrome", "diagnostic", "I45.6", "high"),
    Statement("LVH", "left ventricular hypertrophy", "diagnostic", "I51.7", "medium"),
    Statement("RVH", "right ventricular hypertrophy", "diagnostic", "I51.7", "medium"),
    Statement("SEHYP", "septal hypertrophy", "diagnostic", "I51.7", "low"),
    Statement("LAO/LAE", "left atrial overload/enlargement", "diagnostic", "I51.7", "medium"),
    Statement("RAO/RAE", "right atrial overload/enlargement", "diagnostic", "I51.7", "medium"),
    Statement("IMI", "inferior myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("ASMI", "anteroseptal myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("ILMI", "inferolateral myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("AMI", "anterior myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("ALMI", "anterolateral myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("LMI", "lateral myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement(
        "IPLMI", "inferoposterolateral myocardial infarction", "diagnostic", "I25.2", "medium"
    ),
    Statement("IPMI", "inferoposterior myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement("PMI", "posterior myocardial infarction", "diagnostic", "I25.2", "medium"),
    Statement(
        "INJAS", "subendocardial injury in anteroseptal leads", "diagnostic", "I24.89", "low"
    ),
    Statement(
        "INJAL", "subendocardial injury in anterolateral leads", "diagnostic", "I24.89", "low"
    ),
    Statement("INJIN", "subendocardial injury in inferior leads", "diagnostic", "I24.89", "low"),
    Statement("INJLA", "subendocardial injury in lateral leads", "diagnostic", "I24.89", "low"),
    Statement(
        "INJIL", "subendocardial injury in inferolateral leads", "diagnostic", "I24.89", "low"
    ),
    Statement("NDT", "non-diagnostic T abnormalities", "diagnostic", "R94.31", "high"),
    Statement("NST_", "non-specific ST changes", "diagnostic", "R94.31", "high"),
    Statement("DIG", "digitalis-effect", "diagnostic", "R94.31", "medium"),
    Statement("LNGQT", "long QT-interval", "diagnostic", "R94.31", "medium"),
    Statement("ISC_", "non-specific ischemic", "diagnostic", "I25.9", "low"),
    Statement("ISCAL", "ischemic in anterolateral leads", "diagnostic", "I25.9", "low"),
    Statement("ISCIN", "ischemic in inferior leads", "diagnostic", "I25.9", "low"),
    Statement("ISCIL", "ischemic in inferolateral leads", "diagnostic", "I25.9", "low"),
    Statement("ISCAS", "ischemic in anteroseptal leads", "diagnostic", "I25.9", "low"),
    Statement("ISCLA", "ischemic in lateral leads", "diagnostic", "I25.9", "low"),
    Statement("ISCAN", "ischemic in anterior leads", "diagnostic", "I25.9", "low"),
    Statement(
        "ANEUR", "ST-T changes compatible with ventricular aneurysm", "diagnostic", "I25.3", "low"
    ),
    Statement("EL", "electrolytic disturbance or drug (former EDIS)", "diagnostic", "E87.8", "low"),
    Statement("ABQRS", "abnormal QRS", "form", "R94.31", "high"),
    Statement("PVC", "ventricular premature complex", "form", "I49.3", "high"),
    Statement("STD_", "non-specific ST depression", "form", "R94.31", "high"),
    Statement(
        "VCLVH", "voltage criteria (QRS) for left ventricular hypertrophy", "form", "R94.31", "high"
    ),
    Statement("QWAVE", "Q waves present", "form", "R94.31", "high"),
    Statement("LOWT", "low amplitude T-waves", "form", "R94.31", "high"),
    Statement("NT_", "non-specific T-wave changes", "form", "R94.31", "high"),
    Statement("PAC", "atrial premature complex", "form", "I49.1", "high"),
    Statement("LPR", "prolonged PR interval", "form", "I44.0", "medium"),
    Statement("INVT", "inverted T-waves", "form", "R94.31", "high"),
    Statement(
        "LVOLT", "low QRS voltages in the frontal and horizontal leads", "form", "R94.31", "high"
    ),
    Statement("HVOLT", "high QRS voltage", "form", "R94.31", "high"),
    Statement("TAB_", "T-wave abnormality", "form", "R94.31", "high"),
    Statement("STE_", "non-specific ST elevation", "form", "R94.31", "high"),
    Statement("PRC(S)", "premature complex(es)", "form", "I49.40", "high"),
    Statement("SR", "sinus rhythm", "rhythm", "", "high"),
    Statement("AFIB", "atrial fibrillation", "rhythm", "I48.91", "high"),
    Statement("STACH", "sinus tachycardia", "rhythm", "R00.0", "high"),
    Statement("SARRH", "sinus arrhythmia", "rhythm", "I49.8", "medium"),
    Statement("SBRAD", "sinus bradycardia", "rhythm", "R00.1", "high"),
    Statement("PACE", "normal functioning artificial pacemaker", "rhythm", "Z95.0", "high"),
    Statement("SVARR", "supraventricular arrhythmia", "rhythm", "I49.8", "low"),
    Statement(
        "BIGU", "bigeminal pattern (unknown origin, SV or Ventricular)", "rhythm", "R00.8", "low"
    ),
    Statement("AFLT", "atrial flutter", "rhythm", "I48.92", "high"),
    Statement("SVTAC", "supraventricular tachycardia", "rhythm", "I47.10", "high"),
    Statement("PSVT", "paroxysmal supraventricular tachycardia", "rhythm", "I47.10", "medium"),
    Statement(
        "TRIGU", "trigeminal pattern (unknown origin, SV or Ventricular)", "rhythm", "R00.8", "low"
    ),
)
# ICD-10-CM, April 2026; each code is billable.
ICD10_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "E87.8": "Other disorders of electrolyte and fluid balance, not elsewhere classified",
        "I24.89": "Other forms of acute ischemic heart disease",
        "I25.2": "Old myocardial infarction",
        "I25.3": "Aneurysm of heart",
        "I25.9": "Chronic ischemic heart disease, unspecified",
        "I44.0": "Atrioventricular block, first degree",
        "I44.1": "Atrioventricular block, second degree",
        "I44.2": "Atrioventricular block, complete",
        "I44.4": "Left anterior fascicular block",
        "I44.5": "Left posterior fascicular block",
        "I44.7": "Left bundle-branch block, unspecified",
        "I45.10": "Unspecified right bundle-branch block",
        "I45.4": "Nonspecific intraventricular block",
        "I45.6": "Pre-excitation syndrome",
        "I47.10": "Supraventricular tachycardia, unspecified",
        "I48.91": "Unspecified atrial fibrillation",
        "I48.92": "Unspecified atrial flutter",
        "I49.1": "Atrial premature depolarization",
        "I49.3": "Ventricular premature depolarization",
        "I49.40": "Unspecified premature depolarization",
        "I49.8": "Other specified cardiac arrhythmias",
        "I51.7": "Cardiomegaly",
        "R00.0": "Tachycardia, unspecified",
        "R00.1": "Bradycardia, unspecified",
        "R00.8": "Other abnormalities of heart beat",
        "R94.31": "Abnormal electrocardiogram [ECG] [EKG]",
        "Z95.0": "Presence of cardiac pacemaker",
    }
)

STATEMENTS = tuple(replace(statement, doubt=DOUBTS.get(statement.name, "")) for statement in _TABLE)
SCP = LabelSet(
    name="SCP-ECG statements and ICD-10-CM codes",
    codes=tuple(
        Code(code, title, parents=(chapter_of(code), block_of(code)))
        for code, title in ICD10_TITLES.items()
    ),
    statements=STATEMENTS,
)
STATEMENT_NAMES = SCP.statement_names
ICD10_CODES = SCP.code_names
