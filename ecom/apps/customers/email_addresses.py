"""One spelling for each e-mail address, so that equality in the database is equality of mailboxes."""

MAX_LENGTH = 254  # what SMTP can carry (RFC 5321)


def normalised(address: str) -> str:
    """The address in the spelling that it is stored and looked up in: ASCII, in lower case.

    A domain of other scripts becomes its ASCII form. Raises ValueError for an address that has none: letters that only
    look alike must never lead to somebody else's account.
    """
    local, at, domain = address.strip().rpartition("@")
    spelling = f"{local}{at}{domain.encode('idna').decode('ascii')}".lower()
    if not (local and domain and spelling.isascii()) or len(spelling) > MAX_LENGTH:
        raise ValueError("This is no address that mail can be sent to.")
    return spelling
