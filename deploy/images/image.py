#!/usr/bin/env python3
"""image.py OUT.tar NAME:TAG ROOT ENTRYPOINT...: a directory as an image of one layer that `ctr images import` takes."""

import hashlib
import io
import json
import sys
import tarfile

out, name, root, *entrypoint = sys.argv[1:]
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w") as layer_tar:
    layer_tar.add(root, arcname=".")
layer = buffer.getvalue()
layer_id = hashlib.sha256(layer).hexdigest()
config = json.dumps(
    {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": entrypoint, "Env": ["PATH=/bin:/usr/bin:/usr/local/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer_id]},
        "history": [{}],
    }
).encode()
config_id = hashlib.sha256(config).hexdigest()
manifest = json.dumps(
    [{"Config": config_id + ".json", "RepoTags": [name], "Layers": [layer_id + "/layer.tar"]}]
).encode()
with tarfile.open(out, "w") as archive:
    for path, content in (
        (config_id + ".json", config),
        (layer_id + "/layer.tar", layer),
        ("manifest.json", manifest),
    ):
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
