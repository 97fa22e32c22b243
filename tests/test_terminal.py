"""Tables for a terminal."""

from wechat_subsidies.terminal import table, width, wrapped


def test_chinese_characters_and_punctuation_count_as_two_columns() -> None:
    assert width("《茶经》 x") == 10


def test_columns_begin_at_the_same_place_after_chinese_text() -> None:
    rows = [[["青花盖碗"], ["a"]], [["tea"], ["b"]]]
    assert table(header=["Goods", "X"], rows=rows).splitlines()[2:] == [
        "青花盖碗  a",
        "tea       b",
    ]


def test_a_rule_is_as_wide_as_the_widest_cell() -> None:
    assert table(header=["Goods"], rows=[[["青花盖碗"]]]).splitlines()[1] == "--------"


def test_a_cell_of_several_lines_leaves_its_neighbours_empty() -> None:
    rows = [[["a"], ["one", "two"]], [["b"], ["three"]]]
    assert table(header=["A", "B"], rows=rows).splitlines()[2:] == ["a  one", "   two", "b  three"]


def test_words_are_wrapped_between_words() -> None:
    assert wrapped("The order has no refund.", at=13) == ["The order has", "no refund."]


def test_chinese_words_are_wrapped_between_characters() -> None:
    assert wrapped("订单没有退款", at=8) == ["订单没有", "退款"]


def test_no_line_begins_with_what_closes_a_chinese_sentence() -> None:
    assert wrapped("已取消。请看", at=6) == ["已取", "消。请", "看"]


def test_wrapping_loses_nothing_of_a_mixed_text() -> None:
    text = "订单 SC1001 的卖家没有 “WeChat Pay” 商户号…（请检查）100%"
    assert "".join(wrapped(text, at=6)).replace(" ", "") == text.replace(" ", "")


def test_a_word_that_is_too_long_is_cut() -> None:
    assert wrapped("see 0123456789abc", at=6) == ["see", "012345", "6789ab", "c"]


def test_colours_take_no_columns() -> None:
    assert width("\x1b[31;1mFAILS\x1b[0m") == 5


def test_a_note_stands_under_its_row_whatever_the_columns() -> None:
    text = table(header=["A"], rows=[[["a"]], [["b"]]], notes=[["a long note"], []])
    assert text.splitlines() == ["A", "-", "a", "a long note", "b"]
