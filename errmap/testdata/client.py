"""Calls a shop as any gRPC client does: python3 client.py ADDRESS, names of rows on standard input.

Writes a line of JSON for each call: what came, without any knowledge of the server's errors.
"""
import base64
import json
import sys

import grpc

SERVICE = "/acme.shop.v1.Shop/"
LIMIT = [("grpc.max_metadata_size", 8192)]


def text(value):
    """A google.protobuf.StringValue."""
    data = value.encode()
    size, prefix = len(data), b"\x0a"
    while size >= 0x80:
        prefix += bytes([size & 0x7F | 0x80])
        size >>= 7
    return prefix + bytes([size]) + data


def told(name, kind, messages, error):
    details = [v for k, v in error.trailing_metadata() or () if k == "grpc-status-details-bin"]
    trailer = " ".join(k for k, _ in error.trailing_metadata() or ())
    print(json.dumps({
        "name": name, "kind": kind, "messages": messages,
        "code": error.code().name, "message": error.details(),
        "details": base64.b64encode(b"".join(details)).decode(), "size": sum(map(len, details)), "trailer": trailer,
    }), flush=True)


def main():
    channel = grpc.insecure_channel(sys.argv[1], LIMIT)
    get, watch = channel.unary_unary(SERVICE + "Get"), channel.unary_stream(SERVICE + "Watch")
    for name in json.load(sys.stdin):
        try:
            get(text(name), timeout=20)
        except grpc.RpcError as e:
            told(name, "unary", 0, e)
        messages = 0
        try:
            for _ in watch(text(name), timeout=20):
                messages += 1
        except grpc.RpcError as e:
            told(name, "stream", messages, e)


main()
