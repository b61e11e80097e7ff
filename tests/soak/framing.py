"""Requests that two readers could read in two ways, or that nobody should: each with a push in it that must not be
taken. The server has to refuse them and to close the connection, so that what follows is not read as a request."""

PUSH = "POST /messages/never HTTP/1.1\r\nHost: soak\r\n"
INNER = PUSH + "Content-Length: 8\r\n\r\nsmuggled"
REFUSALS = {400, 413, 414, 431, 501, 505}


def shapes():
    """Texts, latin-1."""
    sized = [("Content-Length: 8", "Transfer-Encoding: chunked"), ("Content-Length: 8", "Content-Length: 8"),
             ("Content-Length: 8", "Content-Length: 9"), ("Content-Length : 8",), (" Content-Length: 8",)]
    sized += [(f"Content-Length:{size}",) for size in [
        "", " 8, 8", " +8", " -8", " 0x8", " 8 8", " 8;", " 99999999999999999999999", " 18446744073709551624"]]
    sized += [(*fields, "Content-Length: 8") for fields in [
        ("X: a", " b: folded"), ("X: nul\0",), ("X: cr\rY: z",), ("X y: z",), ("Host: other",), (": nameless",),
        ("nothing",)]]
    yield from (PUSH + "\r\n".join(fields) + "\r\n\r\nsmuggled" + INNER for fields in sized)

    codings = ["identity", "xchunked", "chunked, identity", "chunked, chunked", "gzip, chunked", "chunked;q=1",
               "\x0bchunked", "chunked\x0b", "\"chunked\"", "", "chunke\xe4"]
    yield from (PUSH + f"Transfer-Encoding: {coding}\r\n\r\n8\r\nsmuggled\r\n0\r\n\r\n" + INNER for coding in codings)
    yield PUSH + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n8\r\nsmuggled\r\n0\r\n\r\n" + INNER
    yield PUSH + "Transfer-Encoding : chunked\r\n\r\n8\r\nsmuggled\r\n0\r\n\r\n" + INNER

    bodies = ["0x8\r\nsmuggled\r\n0\r\n\r\n", "-8\r\nsmuggled\r\n0\r\n\r\n", "+8\r\nsmuggled\r\n0\r\n\r\n",
              " 8\r\nsmuggled\r\n0\r\n\r\n", "8\nsmuggled\r\n0\r\n\r\n", "8\rsmuggled\r\n0\r\n\r\n",
              "8\r\nsmuggledXX0\r\n\r\n", "8\r\nsmuggled\n0\r\n\r\n", "8\r\nsmuggled\r\n0\n\n",
              "G\r\nsmuggled\r\n0\r\n\r\n",
              "\r\nsmuggled\r\n0\r\n\r\n", "10000000000000008\r\nsmuggled\r\n0\r\n\r\n",
              "FFFFFFFFFFFFFFFF\r\nsmuggled\r\n0\r\n\r\n", "8;a\nb\r\nsmuggled\r\n0\r\n\r\n"]
    yield from (PUSH + "Transfer-Encoding: chunked\r\n\r\n" + body + INNER for body in bodies)

    rest = "Host: soak\r\nContent-Length: 8\r\n\r\nsmuggled"
    lines = ["POST /messages/never\r\n", "POST  /messages/never HTTP/1.1\r\n", "POST /messages/never HTTP/1.1 \r\n",
             " POST /messages/never HTTP/1.1\r\n", "POST\t/messages/never HTTP/1.1\r\n",
             "POST /messages/never HTTP/1.1\n", "POST /messages/never HTTP/2.0\r\n",
             "POST /messages/never http/1.1\r\n",
             "POST /messages/never HTTP/1.10\r\n", "POST /mess\0ages/never HTTP/1.1\r\n",
             "P\xd6ST /messages/never HTTP/1.1\r\n", "\0POST /messages/never HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n",
             "POST messages/never HTTP/1.1\r\n", "P(ST /messages/never HTTP/1.1\r\n"]
    yield from (line + rest + INNER for line in lines)
    yield "POST /messages/never HTTP/1.1\r\nContent-Length: 8\r\n\r\nsmuggled" + INNER
    yield INNER.replace("\r\n", "\n")
    yield PUSH.replace("Host: soak\r\n", "Host: soak\n") + "Content-Length: 8\r\n\r\nsmuggled"
    yield PUSH + "Content-Length: 8\r\n" + "X: y\r\n" * 80 + "\r\nsmuggled"
    yield PUSH + "Content-Length: 8\r\nX: " + "y" * 9000 + "\r\n\r\nsmuggled"
    yield "POST /messages/never?" + "y" * 9000 + " HTTP/1.1\r\n" + rest
    yield PUSH + "Content-Length: 2000000\r\n\r\n" + "y" * 1000
