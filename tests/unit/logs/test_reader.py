from __future__ import annotations

from reconciler.logs.reader import Line, Reader
from tests.unit.logs.fake import FakeOutputs, container, moment

WEB = container("web")


def texts(reader: Reader, *, follow: bool = False) -> list[bytes]:
    return [line.text for line in reader.lines(follow=follow)]


def test_a_second_reading_goes_on_where_the_first_ended() -> None:
    engine = FakeOutputs(WEB)
    for number in range(3):
        engine.write("web-1", 1, b"%d\n" % number)  # all at the very same moment
    reader = Reader(engine, WEB)
    assert texts(reader) == [b"0", b"1", b"2"]
    assert texts(reader, follow=True) == []
    engine.write("web-1", 1, b"3\n")
    engine.write("web-1", 2, b"4\n")
    assert texts(reader, follow=True) == [b"3", b"4"]
    engine.write("web-1", 2, b"5\n")
    assert texts(reader) == [b"5"]
    assert engine.calls[1] == ("web-1", True, "1772359201.000000000", "all")


def test_the_tail_counts_for_the_first_reading_alone() -> None:
    engine = FakeOutputs(WEB)
    for number in range(5):
        engine.write("web-1", number, b"%d\n" % number)
    reader = Reader(engine, WEB, tail="2")
    assert texts(reader) == [b"3", b"4"]
    for number in range(5, 9):
        engine.write("web-1", number, b"%d\n" % number)
    assert texts(reader) == [b"5", b"6", b"7", b"8"]


def test_no_tail_at_all_begins_at_the_end() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"old\n")
    engine.write("web-1", 1, b"old too\n")
    reader = Reader(engine, WEB, tail="0")
    assert texts(reader) == []
    engine.write("web-1", 2, b"new\n")
    # Of the two of one moment it knows the last alone: better the other again than a new one lost.
    assert texts(reader)[-1:] == [b"new"]
    silent = Reader(FakeOutputs(WEB), WEB, tail="0")
    assert texts(silent) == []
    assert isinstance(silent.engine, FakeOutputs)
    silent.engine.write("web-1", 3, b"first\n")
    assert texts(silent) == [b"first"], "who wrote nothing before has written all of it since"


def test_a_long_line_in_parts_is_one_line_and_the_streams_are_not_mixed() -> None:
    engine = FakeOutputs(WEB)
    engine.write("web-1", 1, b"a" * 10)
    engine.write("web-1", 2, b"oops\n", "stderr")
    engine.write("web-1", 3, b"b\r\n")
    engine.write("web-1", 4, b"no end")
    assert list(Reader(engine, WEB).lines()) == [
        Line("web-1", moment(2), b"oops"),
        Line("web-1", moment(3), b"a" * 10 + b"b"),
        Line("web-1", moment(4), b"no end"),
    ]
