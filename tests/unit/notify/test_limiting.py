"""Never more than one of a kind a resource in ten minutes, and nothing is lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.notify.limiting import WINDOW, Limiter
from reconciler.notify.news import News, NewsKind


def news(resource: str = "a", text: str = "", kind: NewsKind = NewsKind.MENDED) -> News:
    return News(kind, "shop", resource, text)


def test_one_is_told_and_the_rest_is_summed_up() -> None:
    limiter = Limiter()
    assert [one.news.text for one in limiter.admit([news(text="1")], 0.0)] == ["1"]
    assert limiter.admit([news(text="2")], 10.0) == []
    assert limiter.admit([news(text="3")], WINDOW - 1) == []
    assert [one.news.resource for one in limiter.admit([news("b")], 20.0)] == ["b"]
    assert limiter.admit([news(kind=NewsKind.FAILURE)], 30.0)
    assert limiter.next_due == WINDOW
    assert limiter.due(WINDOW - 1) == []
    [summed] = limiter.due(WINDOW)
    assert (summed.count, summed.news.text) == (2, "3")
    assert limiter.admit([news(text="4")], WINDOW + 1) == [], "the sum was one of its kind, too"
    assert [one.count for one in limiter.due(2 * WINDOW)] == [1]
    assert limiter.due(3 * WINDOW) == []
    assert limiter._windows == {}, "what is over is forgotten"
    assert limiter.admit([news()], 4 * WINDOW)


def test_what_could_not_be_sent_comes_with_the_next_sum() -> None:
    limiter = Limiter()
    told = limiter.admit([news(text="1")], 0.0)
    limiter.hold(told)
    assert limiter.next_due == WINDOW
    [summed] = limiter.due(WINDOW)
    assert (summed.count, summed.news.text) == (1, "1")
    limiter.hold([summed])
    limiter.admit([news(text="2")], WINDOW + 1)
    [summed] = limiter.due(2 * WINDOW)
    assert (summed.count, summed.news.text) == (2, "2")


def test_at_the_end_everything_is_summed_up() -> None:
    limiter = Limiter()
    limiter.admit([news(), news(), news("b")], 0.0)
    assert [(one.news.resource, one.count) for one in limiter.due(1.0, everything=True)] == [("a", 1)]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(st.floats(0, 400), st.sampled_from("ab"), st.sampled_from(list(NewsKind))), max_size=40),
    st.booleans(),
)
def test_whatever_comes_none_is_told_too_often_and_all_are_counted(
    steps: list[tuple[float, str, NewsKind]], fails: bool
) -> None:
    limiter, now, counted = Limiter(), 0.0, 0
    told_at: dict[tuple[str, NewsKind], float] = {}
    for number, (pause, resource, kind) in enumerate(steps):
        now += pause
        told = [*limiter.due(now), *limiter.admit([news(resource, kind=kind)], now)]
        for one in told:
            key = (one.news.resource, one.news.kind)
            assert now - told_at.get(key, -WINDOW) >= WINDOW
            told_at[key] = now
        if fails and number % 3 == 0:
            limiter.hold(told)
        else:
            counted += sum(one.count for one in told)
    counted += sum(one.count for one in limiter.due(now, everything=True))
    assert counted == len(steps)
