"""Build an image on a host, and show what the build says while it goes on. It needs nothing but Python.

PORTSIDE_URL=http://127.0.0.1:8000 PORTSIDE_TOKEN=portside_… python3 build_and_watch.py team/app:1 Dockerfile
"""

import json
import os
import sys
import urllib.request
from pathlib import Path


def ask(path: str, body: object = None) -> object:
    """The open answer: of a GET, or with a body of a POST."""
    headers = {"Authorization": f"Bearer {os.environ['PORTSIDE_TOKEN']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(f"{os.environ['PORTSIDE_URL']}/api/v1{path}", data, headers))


def main(tag: str, dockerfile: str) -> int:
    source = {"type": "inline", "files": {"Dockerfile": Path(dockerfile).read_text()}}
    job = json.load(ask("/jobs", {"kind": "build", "parameters": {"source": source, "tags": [tag]}}))
    for line in ask(f"/jobs/{job['id']}/events"):
        if line.startswith(b"data: "):
            said = json.loads(line[6:])
            if said.get("type") == "line":
                print(said["text"])
    job = json.load(ask(f"/jobs/{job['id']}"))
    print(job["state"], job["result"].get("image", job["error"]))
    return 0 if job["state"] == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
