"""The guard itself: what it refuses, what it lets pass, and where it stands."""

import os
import socket
import subprocess
import sys
import threading

import pytest
from jupyter_client.manager import start_new_kernel

from tests.no_network import guard

OUTSIDE = "192.0.2.1"  # an address for documentation, which nobody has
TRY = f"import socket; socket.create_connection(({OUTSIDE!r}, 80), timeout=1)"


@pytest.fixture(autouse=True)
def own_log(tmp_path, monkeypatch):
    """These tests are refused on purpose."""
    path = tmp_path / "refused.txt"
    monkeypatch.setenv(guard.LOG, str(path))
    return path


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "", "0.0.0.0"])
def test_this_machine_is_let_pass(host):
    assert guard.is_here(host)


@pytest.mark.parametrize("host", [OUTSIDE, "10.0.0.1", "2001:db8::1", "example.org", "1270.0.1"])
def test_everything_else_is_refused(host, own_log):
    assert not guard.is_here(host)
    for event, arguments in (
        ("socket.connect", (None, (host, 80))),
        ("socket.sendto", (None, (host, 53))),
        ("socket.getaddrinfo", (host.encode(), 80, 0, 0, 0)),
        ("socket.gethostbyname", (host,)),
    ):
        with pytest.raises(guard.NetworkRefused, match=host):
            guard.refuse(event, arguments)
    assert own_log.read_text().count(host) == 4


def test_sockets_of_this_machine_and_other_events_are_let_pass(own_log):
    guard.refuse("socket.connect", (None, "/run/some.socket"))
    guard.refuse("socket.sendmsg", (None, None))
    guard.refuse("socket.getaddrinfo", (None, 80, 0, 0, 0))
    guard.refuse("open", ("example.org", "r", 0))
    assert not own_log.exists()


def test_this_process_is_guarded(own_log):
    # By the hook of the tests, or by the one that a worker of theirs begins with.
    with pytest.raises(OSError, match="tests reach nothing but this machine"):
        socket.create_connection((OUTSIDE, 80), timeout=1)
    with pytest.raises(OSError, match="tests reach nothing but this machine"):
        socket.getaddrinfo("example.org", 80)
    assert OUTSIDE in own_log.read_text()


def test_two_programs_of_this_machine_can_talk():
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].sendall(b"here"))
        answer.start()
        with socket.create_connection(server.getsockname(), timeout=10) as client:
            assert client.recv(4) == b"here"
        answer.join()


def test_a_python_that_a_test_starts_is_guarded_even_if_it_swallows_the_error(own_log):
    code = f"try:\n    {TRY}\nexcept OSError as error:\n    print(type(error).__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "NetworkRefused\n"
    assert OUTSIDE in own_log.read_text()


def test_a_kernel_is_guarded(own_log):
    manager, client = start_new_kernel(kernel_name="python3", env={**os.environ})
    try:
        reply = client.execute_interactive(TRY, output_hook=lambda _: None, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["ename"] == "NetworkRefused"
    assert OUTSIDE in own_log.read_text()
