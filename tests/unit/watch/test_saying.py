"""What is said once."""

from __future__ import annotations

from reconciler.watch.saying import Sayings


def test_a_text_is_news_once_until_its_topic_is_over() -> None:
    said = Sayings()
    assert not said.is_over("engine")
    assert said.is_news("engine", "refused")
    assert not said.is_news("engine", "refused")
    assert said.is_news("engine", "reset")
    assert not said.is_news("engine", "refused"), "also where two of them take turns"
    assert said.is_news("spec", "refused"), "each topic for itself"
    assert said.is_open("engine")
    assert said.is_over("engine")
    assert not said.is_open("engine")
    assert said.is_news("engine", "refused")


def test_an_error_that_says_something_else_each_time_does_not_fill_the_log() -> None:
    said = Sayings()
    assert sum(said.is_news("engine", f"attempt {number}") for number in range(1000)) < 10
