"""The one error of files that cannot be read on."""


class UnfitFile(Exception):
    """Nothing, or nothing further, can be read from the file; the text tells the merchant why and what to do."""
