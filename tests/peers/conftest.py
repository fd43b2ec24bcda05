"""What other libraries do, measured: these tests need the extra `peers`."""

from importlib.metadata import version

LIBRARIES = ("gymnasium", "stable-baselines3", "torchrl", "tianshou", "torch")


def pytest_report_header():
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def pytest_configure(config):
    for message in (
        "No target network updater has been associated",  # test_dqn_choices has updaters
        "Failed to import torchrl C",  # test_prioritized_replay says what follows from it
    ):
        config.addinivalue_line("filterwarnings", f"ignore:{message}")
