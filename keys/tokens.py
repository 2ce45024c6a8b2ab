"""Reply tokens: what a mail address of ours carries so that an answer finds its thread (and says nothing else)."""

import base64
import secrets
from typing import Final

_BYTES: Final = 20  # 160 bits fill 32 letters exactly, so nothing is padded


def new_reply_token() -> str:
    """160 random bits as 32 lowercase letters and digits: safe in a local part, which some mailers fold to one case."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
