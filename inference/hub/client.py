"""The hub's client: which files there are and where, and what its answers mean in plain words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from inference.hub.errors import HubError, Stop, TokenNeeded, Transient
from inference.hub.registry import Part

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS, READ_SECONDS = 15.0, 30.0  # without an answer, or without a byte
LONGEST_WAIT = 120.0  # seconds a server may ask to wait for; beyond it the user is told instead


@dataclass(frozen=True)
class Network:
    """How to reach the hub; empty: as the environment says (HF_ENDPOINT, HTTPS_PROXY, the stored token)."""

    endpoint: str = ""  # of a mirror, as https://hf-mirror.example
    proxy: str = ""  # as http://host:port or socks5://host:port
    token: str = ""


@dataclass(frozen=True)
class RemoteFile:
    """One file as the hub states it."""

    repo: str
    revision: str  # the commit
    path: str
    size: int  # bytes
    sha256: str = ""  # of files kept as large ones
    git_sha1: str = ""  # of small ones: Git's own sum of them


class HubClient:
    """A connection to the hub; used by one thread, closed at the end."""

    def __init__(self, network: Network, stop: Stop) -> None:
        import httpx2
        from huggingface_hub import constants

        self._network, self._stop = network, stop
        self._asked = False  # whether the hub wanted a token of a model that should not need one
        self.endpoint = (network.endpoint.strip() or constants.ENDPOINT).rstrip("/")
        if not self.endpoint.startswith(("http://", "https://")):
            raise HubError(f"The mirror's address must begin with https:// and not be {self.endpoint!r}.")
        timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        try:
            self._http = httpx2.Client(timeout=timeout, follow_redirects=True, proxy=network.proxy.strip() or None)
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            raise HubError(f"The proxy {network.proxy!r} can't be used: {error}.") from error

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def files(self, part: Part, *, gated: bool) -> list[RemoteFile]:
        """The files of a part, with sizes and sums; raises :class:`HubError`."""
        from huggingface_hub.hf_api import ModelInfo

        url = f"{self.endpoint}/api/models/{part.repo}/revision/{part.revision or 'main'}"
        with self.get(f"{url}?blobs=true", gated=gated) as response:
            try:
                response.read()
                info = ModelInfo(**response.json())  # type: ignore[no-untyped-call]
                found = [self._remote(part, str(info.sha), s) for s in info.siblings or () if part.takes(s.rfilename)]
            except (ValueError, TypeError, KeyError) as error:
                raise HubError(
                    f"{self.endpoint} did not answer as the hub does. Check the mirror's address, or whether this "
                    "network asks for a login first."
                ) from error
        names = {file.path for file in found}
        found = [f for f in found if not (f.path.endswith(".bin") and f"{f.path[:-4]}.safetensors" in names)]
        if not found:
            raise HubError(f"{part.repo} has no files like {part.patterns[0]} any more; the model may have moved.")
        return found

    def _remote(self, part: Part, revision: str, sibling: Any) -> RemoteFile:
        path, size = str(sibling.rfilename), sibling.size
        if len(revision) != 40 or not isinstance(size, int) or size < 0 or ".." in path.split("/"):
            raise ValueError(f"{path} at {revision}")
        sha256 = str(sibling.lfs.sha256) if sibling.lfs else ""
        if not sha256 and not sibling.blob_id:
            raise ValueError(f"{path} has no sum")
        if (pin := part.known.get(path)) is not None:
            if pin.sha256 != (sha256 or pin.sha256) or size != (pin.size or size):
                raise HubError(
                    f"{path} of {part.repo} is not what it was when this program was made, so it is not fetched. "
                    "Look for a newer version of the program."
                )
            sha256 = pin.sha256  # of a small file the hub states another sum
        return RemoteFile(part.repo, revision, path, size, sha256, "" if sha256 else str(sibling.blob_id))

    def url(self, file: RemoteFile) -> str:
        """Where a file's bytes are."""
        from huggingface_hub import hf_hub_url

        return hf_hub_url(file.repo, file.path, revision=file.revision, endpoint=self.endpoint)

    @contextmanager
    def get(self, url: str, *, gated: bool, headers: dict[str, str] | None = None) -> Iterator[httpx2.Response]:
        """A response whose body is yet to come, 200 or 206; raises :class:`HubError` for all others."""
        if not gated and not self._asked and self._has_token():
            # A token is shown only where it is asked for.
            with self._answer(url, self._headers(False, headers)) as response:
                if response.status_code not in (401, 403):
                    yield self._accepted(response)
                    return
            self._asked = True
        with self._answer(url, self._headers(gated or self._asked, headers)) as response:
            yield self._accepted(response)

    def _accepted(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code not in (200, 206):
            raise _refusal(response, self.endpoint)
        return response

    def _has_token(self) -> bool:
        from huggingface_hub import get_token

        return bool(self._network.token.strip() or get_token())

    def _headers(self, shown: bool, more: dict[str, str] | None) -> dict[str, str]:
        from huggingface_hub.utils._headers import build_hf_headers

        token: str | bool = self._network.token.strip() or True if shown else False
        try:
            sent = build_hf_headers(token=token, library_name="moebius")
        except Exception:  # no token is stored, and none was given: asked without one, the hub says what it needs
            sent = build_hf_headers(token=False, library_name="moebius")
        return sent | {"Accept-Encoding": "identity", **(more or {})}

    @contextmanager
    def _answer(self, url: str, headers: dict[str, str]) -> Iterator[httpx2.Response]:
        """Whatever the other side answers; a lost connection is :class:`Transient`."""
        import httpx2

        self._stop.check()
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                stream = response.extensions.get("network_stream")
                self._stop.breaking(lambda: _shut(stream))
                try:
                    yield response
                finally:
                    self._stop.breaking(None)
        except httpx2.ProxyError as error:
            raise HubError(f"The proxy does not answer: {error}. Check its address.") from error
        except httpx2.HTTPError as error:
            self._stop.check()  # broken off on purpose
            raise Transient(
                f"The connection to {self.endpoint} was lost, or there is none ({_words(error)}). "
                "What has arrived is kept: check the network and resume."
            ) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise HubError(f"The address {url} can't be used: {error}.") from error


def _shut(stream: Any) -> None:
    """End a blocked read in another thread."""
    found = stream.get_extra_info("socket") if stream is not None else None
    if isinstance(found, socket.socket):
        try:
            found.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed meanwhile


def _words(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _refusal(response: httpx2.Response, endpoint: str) -> HubError:
    status = response.status_code
    if status in (401, 403):
        return TokenNeeded(
            f"The hub does not hand this model out ({status}). Accept its licence on its page, and enter a token of "
            "the account that did; if you have, the token may be mistyped or too old."
        )
    if status == 404:
        return HubError(f"{endpoint} does not have this file (404). The model may have moved; try without the mirror.")
    if status == 416:
        return Transient("The server has a shorter file than was begun here.")
    if status == 429:
        wait = _retry_after(response)
        said = f" for {wait:.0f} seconds" if wait else ""
        return Transient(
            f"{endpoint} asks to wait{said}: too many downloads from this network (429). Resume later.", wait
        )
    if status >= 500 or status == 408:
        sentence = f"{endpoint} has trouble of its own ({status}). What has arrived is kept: resume later."
        return Transient(sentence, _retry_after(response))
    return HubError(f"{endpoint} refused the download (status {status}). Check mirror and proxy, or try later.")


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds, from a number or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        from datetime import datetime

        when = parsedate_to_datetime(text)
        return max(0.0, (when - datetime.now(when.tzinfo)).total_seconds())
    except (ValueError, TypeError):
        return None
