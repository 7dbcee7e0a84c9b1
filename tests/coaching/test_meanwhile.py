"""What somebody else changed while a page was open."""

import pytest

from coaching import meanwhile


def test_what_the_page_did_not_change_is_left_as_it_stands():
    seen = {"a": meanwhile.mark("One\nline"), "b": meanwhile.mark("Two"), "c": meanwhile.mark(None)}
    typed = {"a": "One\r\nline ", "b": "Two, mine", "c": ""}
    stands = {"a": "One, theirs", "b": "Two", "c": "Three"}
    assert meanwhile.merged(typed, seen=seen, stands=stands) == {
        "a": "One, theirs",
        "b": "Two, mine",
        "c": "Three",
    }
    assert meanwhile.merged(typed, seen=None, stands=stands) == typed
    assert meanwhile.merged({"b": "The same"}, seen=seen, stands={"b": "The same"}) == {"b": "The same"}
    with pytest.raises(meanwhile.BothChanged) as refusal:
        meanwhile.merged({"a": "Mine", "b": "Two"}, seen=seen, stands=stands)
    assert (refusal.value.keys, refusal.value.stands) == ({"a"}, {"a": "One, theirs", "b": "Two"})
