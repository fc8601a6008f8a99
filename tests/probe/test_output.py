"""Standard output that nobody may read."""

import json
import os

from bot.probe.output import PIECE, Output


def test_who_does_not_read_the_log_stops_nothing_and_no_line_is_torn() -> None:
    reading, writing = os.pipe()
    output = Output(10_000, writing)
    for number in range(5000):
        output.write({"number": number, "filled": "." * 90})
    os.close(writing)
    with os.fdopen(reading) as log:
        found = [json.loads(line)["number"] for line in log]
    assert len(found) + output.left_out == 5000
    assert output.left_out > 0
    assert found == list(range(len(found)))


def test_a_log_takes_only_so_many_lines_a_minute() -> None:
    reading, writing = os.pipe()
    output = Output(3, writing)
    for _ in range(5):
        output.write({})
    os.close(writing)
    with os.fdopen(reading) as log:
        assert log.read() == "{}\n" * 3
    assert output.left_out == 2


def test_a_log_that_is_gone_and_a_line_that_is_too_long_stop_nothing() -> None:
    reading, writing = os.pipe()
    output = Output(3, writing)
    output.write({"long": "." * PIECE})
    os.close(reading)
    output.write({})
    os.close(writing)
    output.write({})
    assert output.left_out == 3
