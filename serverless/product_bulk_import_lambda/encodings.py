"""In which encoding a file is, told by its first bytes."""

import codecs

from charset_normalizer import from_bytes

from serverless.product_bulk_import_lambda.unfit import UnfitFile

SAMPLE_BYTES = 256 * 1024
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What spreadsheets and shops write. Among all that there are, a short sample looks like the rarest; any other is named
# in the mapping.
_CANDIDATES = ["cp1252", "latin_1", "utf_16_le", "utf_16_be"]
# What is often uploaded in a CSV file's place.
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive, such as an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "a gzip inside of a gzip",
    b"SQLite format 3": "a database",
    b"PAR1": "a Parquet file",
}


def encoding_of(sample: bytes, *, named: str) -> str:
    """Python's name of the encoding: by the mark at the beginning, else as `named`, else UTF-8, else by guess.

    Raises UnfitFile where the bytes are no text.
    """
    if kind := next((kind for magic, kind in _OTHERS.items() if sample.startswith(magic)), None):
        raise UnfitFile(f"This is {kind}, not a CSV file. Save it as CSV and upload that.")
    if marked := next((name for mark, name in _MARKS.items() if sample.startswith(mark)), None):
        return marked
    return named or ("utf-8" if _is_utf_8(sample) else _guessed(sample))


def _is_utf_8(sample: bytes) -> bool:
    """Whether it is; the last character may be cut. UTF-16 of Latin letters is UTF-8 too, with a NUL beside each."""
    if sample.count(0) > len(sample) // 10:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(sample: bytes) -> str:
    best = from_bytes(sample[: len(sample) // 2 * 2], cp_isolation=_CANDIDATES, threshold=0.5).best()
    if best is None or "\0\0" in str(best)[:1000]:
        raise UnfitFile("This is no text in an encoding that we know. Save the file as CSV in UTF-8 and upload that.")
    return best.encoding
