#!/usr/bin/python3
"""csi.py PLUGINS REGISTRY BUCKETS: the node's half of a CSI driver, in the place of Mountpoint for Amazon S3.

It registers with the kubelet as `s3.csi.aws.com` and mounts BUCKETS/{bucketName}/{prefix} where a pod wants it, owned by the
`uid` and `gid` of the mount options. It shows what objects of ours a kubelet takes, not what S3 does with files.
"""

import os
import subprocess
import sys
from concurrent import futures

import grpc

plugins, registry, buckets = sys.argv[1:]
NAME = "s3.csi.aws.com"


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data):
    """The length-delimited fields of a message, by number, in order."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        size, at = varint(data, at)
        if tag & 7 == 2:
            found.setdefault(tag >> 3, []).append(data[at : at + size])
            at += size
    return found


def message(*parts):
    """A message of texts, each with its number."""
    out = b""
    for number, text in parts:
        data = text.encode()
        assert len(data) < 128
        out += bytes([number << 3 | 2, len(data)]) + data
    return out


def text(found, number):
    return found[number][0].decode()


def publish(request, context):
    asked = fields(request)
    attributes = {text(pair, 1): text(pair, 2) for pair in map(fields, asked[8])}
    mount = fields(fields(asked[5][0])[2][0])
    options = dict(option.decode().partition("=")[::2] for option in mount.get(2, []))
    source = os.path.join(buckets, attributes["bucketName"], options["prefix"])
    target = text(asked, 4)
    os.makedirs(source, exist_ok=True)
    os.chown(source, int(options["uid"]), int(options["gid"]))
    if not os.path.ismount(target):
        os.makedirs(target, exist_ok=True)
        subprocess.check_call(["mount", "--bind", source, target])
    return b""


def unpublish(request, context):
    target = text(fields(request), 2)
    if os.path.ismount(target):
        subprocess.check_call(["umount", target])
    if os.path.isdir(target):
        os.rmdir(target)
    return b""


def nothing(request, context):
    return b""


def serve(path, services):
    server = grpc.server(futures.ThreadPoolExecutor(4))
    for name, methods in services.items():
        handlers = {method: grpc.unary_unary_rpc_method_handler(handle) for method, handle in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    if os.path.exists(path):
        os.unlink(path)
    server.add_insecure_port("unix:" + path)
    server.start()
    return server


os.makedirs(os.path.join(plugins, NAME), exist_ok=True)
os.makedirs(registry, exist_ok=True)
endpoint = os.path.join(plugins, NAME, "csi.sock")
driver = serve(
    endpoint,
    {
        "csi.v1.Identity": {"GetPluginInfo": lambda *_: message((1, NAME), (2, "1")), "Probe": nothing},
        "csi.v1.Node": {
            "NodeGetInfo": lambda *_: message((1, "node")),
            "NodeGetCapabilities": nothing,
            "NodePublishVolume": publish,
            "NodeUnpublishVolume": unpublish,
        },
    },
)
registration = serve(
    os.path.join(registry, NAME + "-reg.sock"),
    {
        "pluginregistration.Registration": {
            "GetInfo": lambda *_: message((1, "CSIPlugin"), (2, NAME), (3, endpoint), (4, "1.0.0")),
            "NotifyRegistrationStatus": nothing,
        }
    },
)
registration.wait_for_termination()
