use super::*;

fn reader(to_head: bool) -> Reader {
    let mut reader = Reader::default();
    reader.begin(to_head);
    reader
}

/// The same whether it comes at once or byte by byte.
fn read(to_head: bool, text: &[u8]) -> Result<Option<Answer>, Malformed> {
    let at_once = reader(to_head).take(text);
    let mut slow = reader(to_head);
    let mut bytewise = Ok(None);
    for (at, byte) in text.iter().enumerate() {
        bytewise = slow.take(std::slice::from_ref(byte));
        let ends = at + 1 == text.len();
        if bytewise.is_err() || (!ends && bytewise != Ok(None)) {
            break;
        }
    }
    if at_once == Err(Malformed::Unasked) {
        // Byte by byte, the answer is there before what nobody asked for.
        assert!(matches!(bytewise, Ok(Some(_))));
        return at_once;
    }
    assert_eq!(at_once, bytewise, "{}", String::from_utf8_lossy(text));
    at_once
}

fn whole(text: &[u8]) -> (u16, bool) {
    let answer = read(false, text).unwrap().unwrap();
    (answer.status, answer.closes)
}

#[test]
fn answers_are_read_to_their_end() {
    for (text, read) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..],
            (200, false),
        ),
        (
            b"HTTP/1.1 200\r\ncontent-length:  5 \r\n\r\nhello",
            (200, false),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, false)),
        (
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            (304, false),
        ),
        (
            b"HTTP/1.1 302 Found\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx",
            (302, true),
        ),
        (
            b"HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            (503, false),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            (200, false),
        ),
    ] {
        assert_eq!(whole(text), read, "{}", String::from_utf8_lossy(text));
    }
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA ;c\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
    assert_eq!(whole(chunks), (200, false));
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    assert_eq!(read(true, head).unwrap().unwrap().status, 200);
    assert_eq!(read(false, head), Ok(None), "the body is still to come");
}

#[test]
fn what_is_no_answer_is_refused() {
    use Malformed::{Chunk, Header, Length, StatusLine, Switched, Unasked};
    for (text, why) in [
        (
            &b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"[..],
            StatusLine,
        ),
        (b"HTTP/1.1 20 OK\r\n\r\n", StatusLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n", StatusLine),
        (b"HTTP/1.1 +20 OK\r\n\r\n", StatusLine),
        (b"HTTP/1.1  200 OK\r\n\r\n", StatusLine),
        (b"http/1.1 200 OK\r\n\r\n", StatusLine),
        (b"<html>\r\n\r\n", StatusLine),
        (b"\r\n\r\n\r\n\r\n", StatusLine),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", StatusLine),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\nX: y\r\n\r\n",
            Header,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", Header),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n", Header),
        (b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", Header),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Header),
        (b"HTTP/1.1 200 OK\r\n\r\n", Length),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", Length),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Length),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", Length),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", Length),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            Length,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            Length,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            Length,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            Length,
        ),
        (b"HTTP/1.1 101 Switching\r\n\r\n", Switched),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", Unasked),
        (b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n", Unasked),
    ] {
        assert_eq!(
            read(false, text),
            Err(why),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
    for chunks in [
        &b"\r\n"[..],
        b"g\r\n",
        b"-1\r\n",
        b"0x1\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1\n",
        b"1000000000000\r\n",
        b"1\rx\r\n",
        b"1 \r\n",
        b"0\r\n\n",
    ] {
        let text = [
            &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
            chunks,
        ]
        .concat();
        assert_eq!(
            read(false, &text),
            Err(Chunk),
            "{}",
            String::from_utf8_lossy(chunks)
        );
    }
    let trailer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n";
    assert_eq!(read(false, trailer), Err(Header));
}

#[test]
fn memory_stays_bounded() {
    let mut endless = reader(false);
    let mut taken = endless.take(b"HTTP/1.1 200 OK\r\nX: ");
    let mut fed = 0;
    while taken.is_ok() {
        taken = endless.take(&[b'x'; 1024]);
        fed += 1024;
        assert!(fed < 2 * LONGEST_HEAD);
    }
    assert_eq!(taken, Err(Malformed::TooLong));
    let huge = [
        &b"HTTP/1.1 200 OK\r\nX: "[..],
        &vec![b'x'; LONGEST_HEAD],
        b"\r\n\r\n",
    ]
    .concat();
    assert_eq!(reader(false).take(&huge), Err(Malformed::TooLong));

    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut endless = reader(false);
    assert_eq!(endless.take(chunked), Ok(None));
    assert_eq!(
        endless.take(&[b'1'; LONGEST_LINE + 1]),
        Err(Malformed::Chunk)
    );
    let mut endless = reader(false);
    assert_eq!(endless.take(chunked), Ok(None));
    assert_eq!(endless.take(b"0\r\n"), Ok(None));
    let lines = b"X: y\r\n".repeat(MOST_TRAILERS + 1);
    assert_eq!(endless.take(&lines), Err(Malformed::TooLong));
}

#[test]
fn nothing_is_an_answer_before_something_was_asked() {
    let text = b"HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!(Reader::default().take(text), Err(Malformed::Unasked));
    // A body of any length is skipped, and takes no memory.
    let mut long = reader(false);
    assert_eq!(
        long.take(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"),
        Ok(None)
    );
    for _ in 0..2 {
        assert_eq!(long.take(&[0; 1000]), Ok(None));
    }
    assert!(matches!(long.take(&[0; 1000]), Ok(Some(_))));
    assert!(long.held.is_empty());
}
