"""An ECG fetched by its number, from a server of ours in PhysioNet's place."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from lamae.ecg import ECG, LEADS
from lamae.errors import InputError, ReadError
from lamae.io import physionet, wfdb
from lamae.simulate import simulate

ECG_17 = simulate("sinus_rhythm", seconds=10.0, fs=500.0, rng=np.random.default_rng(17)).ecg
FILES = wfdb.files(ECG_17, "00017_hr")
PLACE = "/ptb-xl/1.0.3/records500/00000/00017_hr"
SLOW = 3.0


class Stand:
    """A server in PhysioNet's place; what it answers is set by each test."""

    def __init__(self) -> None:
        self.files = {f"{PLACE}{name[-4:]}": content for name, content in FILES.items()}
        self.asked: list[str] = []
        self.behave: Callable[[BaseHTTPRequestHandler], bool] = lambda request: False
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand.asked.append(self.path)
                if stand.behave(self):
                    return
                content = stand.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}/ptb-xl/1.0.3/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def fetch(self, number: int = 17, fs: int = 500, **options: float) -> ECG:
        return physionet.read_ptbxl(number, fs, base=self.base, **options)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    # A proxy of this machine is not for its own servers.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    stand = Stand()
    yield stand
    stand.server.shutdown()
    stand.server.server_close()


def answer(status: int, body: bytes = b"", **headers: str) -> Callable:
    def behave(request: BaseHTTPRequestHandler) -> bool:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
        return True

    return behave


def test_an_ecg_arrives_whole_and_says_where_it_is_from(stand):
    ecg = stand.fetch()
    assert (ecg.fs, ecg.leads, ecg.duration) == (500.0, LEADS, 10.0)
    np.testing.assert_allclose(ecg.signal, ECG_17.signal, atol=1e-3)
    assert ecg.source == "PTB-XL 17, PhysioNet, CC BY 4.0"
    assert stand.asked == [f"{PLACE}.hea", f"{PLACE}.dat"]


@pytest.mark.parametrize(
    ("number", "fs", "path"),
    [
        (1, 100, "records100/00000/00001_lr"),
        (999, 500, "records500/00000/00999_hr"),
        (1000, 100, "records100/01000/01000_lr"),
        (21837, 500, "records500/21000/21837_hr"),
    ],
)
def test_ptb_xls_own_layout_is_asked_for(stand, number, fs, path):
    with pytest.raises(ReadError):
        stand.fetch(number, fs)
    assert stand.asked == [f"/ptb-xl/1.0.3/{path}.hea"]


@pytest.mark.parametrize("number", [0, -1, 21838, 10**9, True, 1.5, "1", "../../etc/passwd", None])
def test_what_is_no_number_of_ptb_xl_is_never_asked_for(stand, number):
    # As at run time, where shapes and types in signatures are inert.
    plain = getattr(physionet.read_ptbxl, "__wrapped__", physionet.read_ptbxl)
    with pytest.raises((InputError, TypeError)) as caught:
        plain(number, 500, base=stand.base)
    if isinstance(caught.value, InputError):
        assert "21837" in str(caught.value)
    assert not stand.asked


def test_another_rate_is_refused(stand):
    with pytest.raises(InputError, match="100 and 500 Hz"):
        stand.fetch(17, 250)
    assert not stand.asked


def test_a_number_that_was_never_given(stand):
    with pytest.raises(ReadError, match="no ECG number 18"):
        stand.fetch(18)


def test_a_server_in_trouble(stand):
    stand.behave = answer(503)
    with pytest.raises(ReadError, match="status 503"):
        stand.fetch()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(stand, status):
    other = Stand()
    other.server.shutdown()
    stand.behave = answer(status, Location=f"{other.base}records500/00000/00017_hr.hea")
    with pytest.raises(ReadError, match="another address"):
        stand.fetch()
    assert not other.asked
    other.server.server_close()


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Please sign in</body></html>", bytes(range(256)) * 40]
)
def test_garbage_is_no_ecg(stand, body):
    stand.behave = answer(200, body)
    with pytest.raises(ReadError, match="not an ECG"):
        stand.fetch()


def test_an_ecg_of_another_rate_is_refused(stand):
    place = "/ptb-xl/1.0.3/records100/00000/00017_lr"
    stand.files |= {f"{place}{name[-4:]}": content for name, content in FILES.items()}
    with pytest.raises(ReadError, match="500 Hz where 100 Hz"):
        stand.fetch(17, 100)


def test_too_much_is_not_read_on(stand):
    sent = []

    def flood(request: BaseHTTPRequestHandler) -> bool:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(1_000):
                request.wfile.write(b"\x00" * 100_000)
                sent.append(1)
        except OSError:
            pass
        return True

    stand.behave = flood
    with pytest.raises(ReadError, match="larger than 1 MB"):
        stand.fetch()
    assert len(sent) < 500


def test_a_connection_that_breaks_off(stand):
    stand.behave = answer(200, FILES["00017_hr.hea"], **{"Content-Length": "5000"})
    with pytest.raises(ReadError, match="broke off"):
        stand.fetch()


def silent(request: BaseHTTPRequestHandler) -> bool:
    time.sleep(SLOW)
    return True


def dripping(request: BaseHTTPRequestHandler) -> bool:
    request.send_response(200)
    request.end_headers()
    try:
        for _ in range(int(SLOW / 0.05)):
            request.wfile.write(b"#")
            time.sleep(0.05)
    except OSError:
        pass
    return True


def dripping_head(request: BaseHTTPRequestHandler) -> bool:
    request.wfile.write(b"HTTP/1.0 200 OK\r\n")
    return dripping(request)


@pytest.mark.parametrize("behave", [silent, dripping, dripping_head])
def test_patience_ends_whatever_the_server_does(stand, behave):
    stand.behave = behave
    begun = time.monotonic()
    with pytest.raises(ReadError, match="cannot be reached"):
        stand.fetch(patience=0.4)
    assert time.monotonic() - begun < SLOW / 2


def test_a_name_that_is_looked_up_for_ever_ends_too(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(SLOW))
    begun = time.monotonic()
    with pytest.raises(ReadError, match="cannot be reached"):
        physionet.read_ptbxl(17, base="http://physionet.invalid/", patience=0.3)
    assert time.monotonic() - begun < SLOW / 2


def test_without_a_network_it_says_so_in_one_calm_sentence(stand):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(ReadError) as caught:
        physionet.read_ptbxl(17, base=base)
    assert str(caught.value) == physionet.UNREACHABLE
    assert physionet.UNREACHABLE.count(".") == 1
