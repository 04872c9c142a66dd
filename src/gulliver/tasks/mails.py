"""What a person sees of an e-mail: its subject and its text, without headers, markup and attachments."""

import email
import email.policy
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from html.parser import HTMLParser

_ADDRESS = re.compile(r"[\w.+\-=]+@[\w\-]+(?:\.[\w\-]+)*")
_BREAKS = {"p", "br", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "hr"}


def read_mail(raw: str) -> tuple[str, str]:
    """Subject and text of a mail as it was sent. E-mail addresses become `<address>`: when the corpus was published, those
    of its givers were replaced in ways that tell where a mail was collected, and so whether it is spam."""
    mail = email.message_from_string(raw, policy=email.policy.compat32)
    return _clean(_subject(mail)).replace("\n", " "), _clean(_body(mail))


def _subject(mail: Mail) -> str:
    stated = str(mail.get("Subject", ""))
    try:
        return str(make_header(decode_header(stated)))
    except (LookupError, ValueError, MessageError):  # a charset nobody knows, or bytes that are not of it
        return stated


def _body(mail: Mail) -> str:
    """The plain parts; where there are none with words in them, the text of the HTML parts."""
    plain: list[str] = []
    html: list[str] = []
    for part in mail.walk():
        if part.is_multipart() or part.get_filename():
            continue
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html"):
            (plain if kind == "text/plain" else html).append(_decoded(part))
    shown = "\n".join(plain)
    # Some mails call HTML plain.
    if re.search(r"<html|<body|<table|<font", shown[:3000], re.IGNORECASE):
        shown = _text_of(shown)
    return shown if shown.strip() or not html else "\n".join(_text_of(page) for page in html)


def _decoded(part: Mail) -> str:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError):
        content = None
    if not isinstance(content, bytes):
        return str(part.get_payload())
    charset = part.get_content_charset("utf-8")
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content.decode("latin-1")


def _text_of(page: str) -> str:
    reader = _Text()
    try:
        reader.feed(page)
        reader.close()
    except (AssertionError, ValueError):  # declarations that HTML does not have
        return re.sub(r"<[^>]*>", " ", page)
    return "".join(reader.parts)


class _Text(HTMLParser):
    """Collects what stands between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _clean(text: str) -> str:
    """No control characters, at most one space and one blank line in a row, addresses hidden."""
    text = _ADDRESS.sub("<address>", "".join(c for c in text if c.isprintable() or c in "\n\t"))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
