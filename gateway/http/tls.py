"""TLS of the delivering client: whom it trusts, and what it shows to an endpoint that asks who is calling.

Endpoints are always verified, by name and chain, and spoken to with TLS 1.2 or newer; there is no switch for it.
Subscriptions without terms of their own share one context. A context of others is built on a thread, for it takes up
to 30 ms, once for all who ask at the same time, and kept within a bound. A private key is never written to a disk.
"""

import asyncio
import os
import ssl
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

# One that trusts the system's authorities takes 0.9 MiB, one with authorities of its own a fiftieth of that.
MAX_CONTEXTS = 256
_BUILDERS = 2


@dataclass(frozen=True, slots=True)
class TlsTerms:
    """What a subscription has of its own for TLS.

    Attributes:
        ca_bundle: PEM, the only authorities that are trusted; None for the system's.
        chain: PEM of the client's certificate and what leads to its authority, or None to show none.
        key: PEM of its private key, not encrypted; given with the chain.
    """

    ca_bundle: str | None = None
    chain: str | None = None
    key: str | None = field(default=None, repr=False)


class UnusableTlsError(Exception):
    """Nothing can be sent with these terms: OpenSSL does not take the certificates or the key."""


def shared_context() -> ssl.SSLContext:
    """Build the context of everybody without terms of their own. Blocks up to 30 ms."""
    return _verifying(None)


def context_of(terms: TlsTerms) -> ssl.SSLContext:
    """Build the context of some terms. Blocks up to 30 ms.

    Raises:
        UnusableTlsError: OpenSSL refuses a certificate or the key; the message holds neither.
    """
    if terms.ca_bundle == "":  # to ssl it would be none, and trust everybody whom the system trusts
        raise UnusableTlsError("the CA bundle is empty")
    try:
        context = _verifying(terms.ca_bundle)
        if terms.chain is not None:
            with _in_memory(f"{terms.chain}\n{terms.key}") as path:
                # With an empty password an encrypted key is an error and not a question on the terminal.
                context.load_cert_chain(path, password="")
    except (ssl.SSLError, ValueError) as error:
        raise UnusableTlsError(f"the certificates can't be used: {_said_by_openssl(error)}") from None
    return context


class TlsContexts:
    """The contexts of terms that were used last; belongs to the event loop on which it is asked."""

    def __init__(self, max_contexts: int = MAX_CONTEXTS) -> None:
        self._max_contexts = max_contexts
        self._contexts: OrderedDict[TlsTerms, asyncio.Future[ssl.SSLContext]] = OrderedDict()
        self._builders = ThreadPoolExecutor(_BUILDERS, thread_name_prefix="tls")

    async def get(self, terms: TlsTerms) -> ssl.SSLContext:
        """Give the context of some terms, the same one to everybody who has them.

        Raises:
            UnusableTlsError: there can be none.
        """
        building = self._contexts.get(terms)
        if building is None or (building.done() and building.exception() is not None):
            building = asyncio.get_running_loop().run_in_executor(self._builders, context_of, terms)
            self._contexts[terms] = building
            while len(self._contexts) > self._max_contexts:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(terms)
        # Shielded: an attempt that runs out of time does not take the context from the others who wait for it.
        return await asyncio.shield(building)

    def close(self) -> None:
        """Build no more."""
        self._builders.shutdown(wait=False, cancel_futures=True)


def _verifying(ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    """Give a path from which `text` can be read, though no file system has it: OpenSSL reads keys from files only."""
    with os.fdopen(os.memfd_create("client-certificate"), "w") as file:
        file.write(text)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _said_by_openssl(error: Exception) -> str:
    """Name the reason, like EE_KEY_TOO_SMALL, without what the error quotes."""
    reason = getattr(error, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else "they are not readable"
