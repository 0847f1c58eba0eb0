"""A prefix and a place to go on are the same as a range of keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from veriport.adapters.stores.rows import as_bytes, range_of

#: Few characters, so that texts often begin alike: both ends of what one, two, three and four bytes hold.
TEXTS = st.text(alphabet="ab\x01\x7f\x80߿ࠀ￿𐀀\U0010ffff\ud800", max_size=4)
KEYS = st.text(alphabet="ab\x01\x7f\x80߿ࠀ￿𐀀\U0010ffff", min_size=1, max_size=4)


@given(key=KEYS, prefix=TEXTS, after=TEXTS, reverse=st.booleans())
def test_a_range_holds_the_keys_of_a_prefix_beyond_a_place(
    key: str, prefix: str, after: str, reverse: bool
) -> None:
    keys = range_of(prefix, after, reverse=reverse)
    place = as_bytes(key)
    beyond = not after or (place < as_bytes(after) if reverse else place > as_bytes(after))
    within = keys.first <= place and (keys.end is None or place < keys.end)
    assert within == (key.startswith(prefix) and beyond)
