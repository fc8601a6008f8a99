"""Whether Python 3.13 takes the API server's certificate: it verifies more strictly than before.

The image runs 3.13, and whoever asks from a terminal may have an older Python that sees no fault.
"""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from kubernetes.aio.client.configuration import Configuration

from bot.runtime.network_cause import certificate_fault, refused_as_strict

HTTPS = 443


async def strict_fault(configuration: Configuration) -> str:
    """What Python 3.13 refuses of the certificates, in OpenSSL's words; empty for nothing.

    Whatever else fails is no fault of this kind, and is told by the bot's own requests.
    """
    url = urlsplit(str(configuration.host))
    lax = not configuration.verify_ssl or configuration.disable_strict_ssl_verification
    if url.scheme != "https" or not url.hostname or lax or configuration.proxy:
        return ""
    try:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        context.check_hostname = False  # Python 3.13 asks no more of names than others
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        name = configuration.tls_server_name or url.hostname
        _, writer = await asyncio.open_connection(
            url.hostname, url.port or HTTPS, ssl=context, server_hostname=name
        )
    except ssl.SSLCertVerificationError as error:
        return certificate_fault(error) if refused_as_strict(error) else ""
    except OSError:
        return ""
    writer.transport.abort()
    return ""
