from .ecg import ECG as ECG
from .ecg import LEADS as LEADS
from .errors import AnswerNeeded as AnswerNeeded
from .errors import DataError as DataError
from .errors import InputError as InputError
from .errors import LamaeError as LamaeError
from .errors import ReadError as ReadError
from .errors import WeightsError as WeightsError
from .inference.analysis import Analysis as Analysis
from .inference.attribution import explain as explain
from .inference.bundle import Bundle as Bundle
from .inference.bundle import load_bundle as load_bundle
from .inference.predictor import Predictor as Predictor
from .io import read as read
from .io import read_path as read_path
from .results.attention import LeadAttention as LeadAttention
from .results.attribution import Attribution as Attribution
from .results.prediction import Prediction as Prediction
from .results.reconstruction import Reconstruction as Reconstruction
from .signal.preprocess import InputSpec as InputSpec
from .signal.preprocess import prepare as prepare

__version__: str
