"""A cluster of two processes on this machine, run as a program: prints its address and its workers, ends with stdin."""

from __future__ import annotations

import json
import os
import sys

from distributed import Client, LocalCluster

if __name__ == "__main__":
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        print(
            json.dumps({"address": cluster.scheduler_address, "workers": list(client.run(os.getpid).values())}),
            flush=True,
        )
        sys.stdin.read()
