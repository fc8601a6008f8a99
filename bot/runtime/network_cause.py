"""Why a connection failed, in a few words that hold no name and no address."""

from __future__ import annotations

import os
import socket
import ssl

STRICT = range(80, 95)
"""Verification errors that OpenSSL knows under `X509_V_FLAG_X509_STRICT` alone.

Python 3.13 sets that flag by default. Source: openssl/x509_vfy.h, `X509_V_ERR_…`.
"""


def underlying(error: BaseException | None) -> BaseException | None:
    """The failure itself: aiohttp wraps it once or twice."""
    return getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error


def refused_as_strict(error: BaseException | None) -> bool:
    """Whether a certificate is refused only because Python 3.13 asks for more than before."""
    cause = underlying(error)
    return isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in STRICT


def network_cause(error: BaseException | None) -> str:
    """The failure as the end of a sentence: `Connection refused`."""
    match cause := underlying(error):
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({certificate_fault(cause)})"
        case ssl.SSLError():
            return "no connection by TLS can be made"
        case socket.gaierror():
            return "its name cannot be resolved"
        case TimeoutError():
            return "it does not answer in time"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return "it cuts connections off"


def certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    """OpenSSL's words. What follows a comma is a name: "… is not valid for 'NAME'"."""
    return error.verify_message.partition(",")[0]
