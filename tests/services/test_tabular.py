"""Files that ask: read as they come out of spreadsheets, and refused where an ID was damaged."""

import pytest

from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services.tabular import COLUMNS, Line, is_mangled, read_lines

ID = "4208450740201411110007820472"
BY_ID = f"sub_mchid,transaction_id,description\n1900000109,{ID},退款\n"


def problems_in(text: str) -> list[str]:
    return [str(problem) for problem in read_lines(text.encode())[1]]


def refusal_of(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        read_lines(data)
    assert refusal.value.code == "unreadable"
    return str(refusal.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_files_are_read_as_spreadsheets_write_them(
    encoding: str, delimiter: str, ending: str
) -> None:
    text = BY_ID.replace(",", delimiter).replace("\n", ending)
    line = Line(number=2, sub_mchid="1900000109", transaction_id=ID, description="退款")
    assert read_lines(text.encode(encoding)) == ([line], [])


def test_hanzi_that_look_like_utf_8_in_gb18030_are_not_taken_for_damaged() -> None:
    data = "order_reference,description\nSC1004,双十一退款\n".encode("gb18030")
    assert read_lines(data)[0][0].description == "双十一退款"


@pytest.mark.parametrize("text", ["双十一", "系统"])
def test_what_may_be_in_either_encoding_is_not_guessed(text: str) -> None:
    file = f"order_reference,description\nN1,{text}\n"
    assert "may be in UTF-8 or in GB18030" in refusal_of(file.encode("gb18030"))
    assert read_lines(file.encode())[0][0].description == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_letters_with_accents_are_utf_8(encoding: str) -> None:
    data = "order_reference,description\nN1,café\n".encode(encoding)
    assert read_lines(data)[0][0].description == "café"


def test_a_bom_says_that_it_is_utf_8() -> None:
    data = "order_reference,description\nN1,возврат\n"
    assert read_lines(data.encode("utf-8-sig"))[0][0].description == "возврат"


def test_a_delimiter_within_the_values_is_not_taken_for_that_of_the_columns() -> None:
    lines, problems = read_lines(b'order_reference,description\nN1,"a;b;c"\nN2,"a\tb\tc"\n')
    assert ([line.order_reference for line in lines], problems) == (["N1", "N2"], [])


def test_a_gap_of_lines_and_a_value_over_two_lines_keep_the_numbers_of_an_editor() -> None:
    lines, _ = read_lines(b'order_reference,description\n\nN1,"a\nb"\n,,\nN2\n')
    assert [(line.number, line.order_reference) for line in lines] == [(3, "N1"), (6, "N2")]


def test_empty_columns_at_the_end_are_passed_over() -> None:
    lines, problems = read_lines("order_reference,description,,\nN1,退款,,\n".encode())
    assert [(line.order_reference, line.description) for line in lines] == [("N1", "退款")]
    assert problems == []


def test_columns_of_an_export_are_passed_over() -> None:
    row = ",".join(ID if name == "transaction_id" else "1" for name in COLUMNS)
    lines, problems = read_lines(f"{','.join(COLUMNS)}\n{row}\n".encode())
    assert (lines[0].transaction_id, lines[0].sub_mchid, problems) == (ID, "1", [])


def test_an_export_has_columns_for_what_hosts_know_of_a_cancellation() -> None:
    fields = {field.name for field in SubsidyCancellation._meta.concrete_fields}
    internal = {"request_body", "unknown_count", "asked_at", "first_called_at", "not_before"}
    internal |= {"claim_token", "lease_until", "in_doubt_before_claim"}
    internal |= {"announce_after", "announce_count"}
    assert fields - internal <= set(COLUMNS)


@pytest.mark.parametrize("guarded", [f"'{ID}", f'"=""{ID}"""', f" {ID} ", f"\t{ID}"])
def test_what_guards_an_id_from_spreadsheets_is_taken_off(guarded: str) -> None:
    lines, _ = read_lines(f"sub_mchid,transaction_id\n1900000109,{guarded}\n".encode())
    assert [line.transaction_id for line in lines] == [ID]


@pytest.mark.parametrize(
    "value",
    [
        "4.20845E+27",
        "4,20845E+27",
        "4.20845e27",
        "4E+27",
        "4208450740201410000000000000",
        "4208450740201411000000000000",
        str(int(float(ID))),
        "42084507402014111100078204720000"[:15] + "0" * 17,
        "1900000109.0",
        "1900000109,00",
    ],
)
def test_an_id_that_became_a_number_is_refused(value: str) -> None:
    assert is_mangled(value)
    (problem,) = problems_in(f'sub_mchid;transaction_id\n1900000109;"{value}"\n')
    assert problem.startswith(f"Line 2: transaction_id is {value}: a spreadsheet has turned")


@pytest.mark.parametrize(
    "value",
    [
        ID,
        "4200001001202611220000001000",
        "50000000000000000001000000",
        "1900000000",
        "1E",
        "E5",
        "",
    ],
)
def test_an_id_that_is_whole_is_not(value: str) -> None:
    assert not is_mangled(value)


def test_refunds_and_sub_merchants_are_looked_at_as_well() -> None:
    assert "refund_id is 5E+28" in problems_in("order_reference,refund_id\nN1,5E+28\n")[0]
    assert "sub_mchid is 1.9E+9" in problems_in("sub_mchid,transaction_id\n1.9E+9,T1\n")[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("N1,,,x,y", "There are 5 values for 3 columns"),
        (",1900000109,", "sub_mchid and transaction_id are needed both"),
        (",,x,", "sub_mchid and transaction_id are needed both"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_number(line: str, words: str) -> None:
    (problem,) = problems_in(f"order_reference,sub_mchid,transaction_id\nN0\n{line}\nN2\n")
    assert problem.startswith(f"Line 3: {words}")


def test_a_line_that_names_no_order_is_named() -> None:
    (problem,) = problems_in("order_reference,description\n,x\n")
    assert problem.startswith("Line 2: It names no order")


def test_a_quotation_mark_that_is_missing_ends_the_reading() -> None:
    lines, problems = read_lines(b'order_reference\nN1\n"N2\nN3\n')
    assert [line.order_reference for line in lines] == ["N1"]
    assert [problem.line for problem in problems] == [3]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"order_refrence\nN1\n", "Did you mean “order_reference”?"),
        (b"N1\nN2\n", "There is no column “n1”. A file has order_reference, or"),
        (b"sub_mchid,status\n1,2\n", "has to name the columns"),
        (b"order_reference,order_reference\n1,2\n", "two columns “order_reference”"),
        (b"", "no lines but the header"),
        (b"order_reference\n\n", "no lines but the header"),
        ("order_reference\nN1\n".encode("utf-16"), "save it as “CSV UTF-8”"),
        (b"order_reference\nN\0\n", "save it as “CSV UTF-8”"),
        (b"order_reference\n\xff\xff\xff\n", "neither in UTF-8 nor in GB18030"),
        ("order_reference\n龙井茶\n白茶".encode()[:-1] + b"\n", "Line 3 is not valid UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data: bytes, words: str) -> None:
    assert words in refusal_of(data)
