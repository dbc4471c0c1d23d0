"""A shop as any gRPC server is one: python3 server.py. Writes its port, and serves until standard input ends.

Each request is the name of a status in STATUSES, which the call ends with.
"""
import sys
from concurrent import futures

import grpc


def field(number, data):
    """A length-delimited field of a protobuf message of less than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def info(reason, domain, **metadata):
    message = field(1, reason.encode()) + field(2, domain.encode())
    for k, v in metadata.items():
        message += field(3, field(1, k.encode()) + field(2, v.encode()))
    return field(1, b"type.googleapis.com/google.rpc.ErrorInfo") + field(2, message)


def packed(code, text, *details):
    message = bytes([1 << 3, code.value[0]]) + field(2, text.encode())
    for d in details:
        message += bytes([3 << 3 | 2, len(d) & 0x7F | 0x80, len(d) >> 7]) + d
    return message


def status(code, text, *details):
    trailer = (("grpc-status-details-bin", packed(code, text, *details)),) if details else ()
    return code, text, trailer


STATUSES = {
    "plain": status(grpc.StatusCode.NOT_FOUND, "nf"),
    "empty": status(grpc.StatusCode.ABORTED, ""),
    "cyrillic": status(grpc.StatusCode.INTERNAL, "\u0436 100%"),
    "order": status(grpc.StatusCode.NOT_FOUND, "order 42 not found in fr",
                    info("ORDER_NOT_FOUND", "orders.acme.com", orderId="42", shop="fr")),
    "half": status(grpc.StatusCode.NOT_FOUND, "order seven",
                   info("ORDER_NOT_FOUND", "orders.acme.com", orderId="seven")),
    "sentinel": status(grpc.StatusCode.NOT_FOUND, "order not found", info("ORDER_MISSING", "shop.acme.com")),
    "cancelled": status(grpc.StatusCode.CANCELLED, "stopped"),
}


class Shop(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method.endswith("/Get"):
            return grpc.unary_unary_rpc_method_handler(self.get)
        return grpc.unary_stream_rpc_method_handler(self.watch)

    def get(self, request, context):
        code, text, trailer = STATUSES[request[2:].decode()]
        context.set_trailing_metadata(trailer)
        context.set_code(code)
        context.set_details(text)
        return b""

    def watch(self, request, context):
        yield request
        self.get(request, context)


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((Shop(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


main()
