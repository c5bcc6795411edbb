"""Covers three hosts, simulated by network namespaces: one is cut off and comes back."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import UNTRACKED, assert_whole, fingerprint
from tests.support.dask_cluster import FAST, DaskCluster, wait_for
from tests.support.preloaded import Preloaded

pytestmark = pytest.mark.proof
TAG = f"dn{os.getpid() % 10_000}"  # in all names: the kernel wants short ones
NET = f"10.{os.getpid() % 200 + 20}.77"


def ip(*arguments: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    assert done.returncode == 0 or not check, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.returncode == 0


class Host:
    """A network namespace with an address of its own, connected to the bridge."""

    def __init__(self, number: int) -> None:
        self.name, self.cable = f"{TAG}h{number}", f"{TAG}v{number}"
        self.address = f"{NET}.{number + 1}"
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "eth0", "netns", self.name)
        ip("link", "set", self.cable, "master", f"{TAG}br", "up")
        ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            ip("-n", self.name, "link", "set", device, "up")

    @property
    def inside(self) -> list[str]:
        """Return the prefix of a command that is to run there."""
        return ["ip", "netns", "exec", self.name]

    def cut_off(self) -> None:
        ip("link", "set", self.cable, "down")

    def come_back(self) -> None:
        ip("link", "set", self.cable, "up")


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    if os.geteuid() != 0 or not ip("link", "add", f"{TAG}br", "type", "bridge", check=False):
        pytest.skip("only root can make network namespaces")
    made = []
    try:
        ip("addr", "add", f"{NET}.1/24", "dev", f"{TAG}br")
        ip("link", "set", f"{TAG}br", "up")
        made += [Host(number) for number in (1, 2, 3)]
        yield made
    finally:
        for number in (1, 2, 3):
            ip("netns", "del", f"{TAG}h{number}", check=False)
            ip("link", "del", f"{TAG}v{number}", check=False)
        ip("link", "del", f"{TAG}br", check=False)


LONGER = ("--set", "iterations={low: 20000, high: 40000}", "--set", "curve_every=500")


@pytest.mark.parametrize("seconds", [3, 25])  # the connection is kept, or lost
def test_a_host_that_is_cut_off_and_comes_back_changes_nothing(
    program: Preloaded,
    folder: Path,
    hosts: list[Host],
    tmp_path_factory: pytest.TempPathFactory,
    seconds: int,
) -> None:
    for other in ("local", "cluster"):
        (folder / other).mkdir()
        (folder / other / "wine.yaml").write_text((folder / "wine.yaml").read_text())
    said = program.run(folder / "local", "search", "wine.yaml", *UNTRACKED, *LONGER)
    undisturbed = fingerprint(said)
    place = tmp_path_factory.mktemp("hosts")
    cluster = DaskCluster(place, host=f"{NET}.1")
    try:
        for number, host in enumerate(hosts):
            cluster.hosted(f"host{number}", host.inside, host.address)
        for number in range(3):
            wait_for("Registered to", place / f"host{number}.log")
        search = program.start(
            folder / "cluster",
            *("search", "wine.yaml", *UNTRACKED, *LONGER, f"--workers={cluster.address}"),
            **FAST,
        )
        until = time.monotonic() + 120
        while not list(folder.glob("cluster/records/wine/0*.npz")):
            assert time.monotonic() < until, search.said
            time.sleep(0.01)
        hosts[0].cut_off()
        time.sleep(seconds)
        hosts[0].come_back()
        assert search.wait() == 0, search.said
        if seconds > 20:
            wait_for(r"(?s)Registered to.*Registered to", place / "host0.log")
    finally:
        cluster.close()
    assert fingerprint(search.said) == undisturbed
    assert_whole(folder / "cluster")
    assert not list((folder / "cluster").glob("**/.new-*"))
