"""Records of files as they come: bad ones are told, and none behind them is lost."""

import pytest

from serverless.product_bulk_import_lambda.records import MAX_ROW_CHARACTERS, Record, Records, lines


def records(content: str | bytes, encoding: str = "utf-8", *, piece: int = 7) -> list[Record]:
    data = content if isinstance(content, bytes) else content.encode(encoding)
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return list(Records(lines(pieces, encoding), delimiter=","))


def cells(content: str | bytes, encoding: str = "utf-8") -> list[list[str]]:
    return [record.cells for record in records(content, encoding)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_gives_the_same_cells(encoding: str, end: str) -> None:
    text = end.join(['a,"b ""q"" ü"', f'"1{end}2",ÄÖ', "", "3,4"])
    assert cells(text, encoding) == [["a", 'b "q" ü'], [f"1{end}2", "ÄÖ"], ["3", "4"]]


def test_a_record_is_known_by_its_first_line() -> None:
    assert [record.line for record in records('a,b\n"1\n\n2",3\n\n4,5\n')] == [1, 2, 6]


def test_a_quote_that_is_never_closed_costs_its_own_row_alone() -> None:
    found = records('a,b\n1,2\n3,"never\n5,6\n7,8\n')
    assert [record.cells for record in found] == [["a", "b"], ["1", "2"], [], ["5", "6"], ["7", "8"]]
    assert (found[2].line, found[2].raw, found[2].problem) == (3, '3,"never', "has a quote that is never closed")


def test_a_stray_quote_that_a_later_one_closes_costs_its_own_row_alone() -> None:
    found = records('a,b\n3,"17" inch\n5,6\n7,"8"\n')
    assert [record.cells for record in found] == [["a", "b"], [], ["5", "6"], ["7", "8"]]
    assert "written twice" in found[1].problem


def test_a_row_of_other_width_is_told_with_its_text() -> None:
    found = records("a,b\n1,2,3\n4\n5,6\n")
    assert [(record.problem, record.raw) for record in found] == [
        ("", ""),
        ("has 3 cells where the header has 2", "1,2,3"),
        ("has 1 cells where the header has 2", "4"),
        ("", ""),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_of_five_mebibytes_is_refused_and_the_next_is_read(quote: str) -> None:
    found = records(f"a,b\n1,{quote}{'x' * 5 * 2**20}{quote}\n2,3\n", piece=100_000)
    assert [record.cells for record in found] == [["a", "b"], [], ["2", "3"]]
    assert "is longer than" in found[1].problem
    assert len(found[1].raw) == 1000


def test_a_row_of_many_short_lines_is_bounded_too() -> None:
    text = 'a,b\n1,"' + "xxxxxxxx\n" * (MAX_ROW_CHARACTERS // 4) + "\n2,3\n"
    found = records(text, piece=65536)
    assert found[-1].cells == ["2", "3"]
    assert all(record.problem for record in found[1:-1])


def test_bytes_that_the_encoding_does_not_have_spoil_their_row_alone() -> None:
    assert cells(b"a,b\n1,\xff\n2,3\n") == [["a", "b"], ["1", "\udcff"], ["2", "3"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf16", "utf-32-le"])
def test_bytes_that_utf_16_does_not_have_spoil_their_row_alone(encoding: str) -> None:
    content = "a,b\n1,x\ud800y\n2,3\n".encode(encoding, "surrogatepass")
    assert cells(content, encoding) == [["a", "b"], ["1", "x\udc80y"], ["2", "3"]]


def test_a_nul_stays_in_its_cell() -> None:
    assert cells("a,b\n1,x\0y\n2,3\n") == [["a", "b"], ["1", "x\0y"], ["2", "3"]]
