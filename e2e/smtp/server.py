"""A mail server for the tests: aiosmtpd, with a Maildir, and with the refusals that a test asks for.

Listens on 127.0.0.1, keeps everything in its own directory, and says each thing it did in one line:
'listening', 'attempt N for <ADDRESS>: REPLY', 'took N for <ADDRESS>'.
"""

import argparse
import asyncio
import mailbox
import pathlib
import socket
import ssl
from collections import Counter

from aiosmtpd.smtp import SMTP, AuthResult


class Post:
    """What happens to an envelope: greylisted, refused by the file `answers`, or put into the Maildir."""

    def __init__(self, room: pathlib.Path, greylisting: bool):
        self.answers = room / "answers"
        self.maildir = mailbox.Maildir(room / "mail")
        self.greylisting = greylisting
        self.attempts = Counter()
        self.taken = Counter(
            recipient
            for message in self.maildir
            for recipient in str(message["X-RcptTo"]).split(", ")
        )

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.attempts[address] += 1
        attempt = self.attempts[address]
        reply = self.refusal(address)
        if reply is None and self.greylisting and attempt == 1:
            reply = "451 4.7.1 Greylisted, come back later"
        if reply is None:
            envelope.rcpt_tos.append(address)
            reply = "250 2.1.5 Recipient accepted"
        print(f"attempt {attempt} for <{address}>: {reply}", flush=True)
        return reply

    async def handle_DATA(self, server, session, envelope):
        envelope_lines = {
            "X-MailFrom": envelope.mail_from,
            "X-RcptTo": ", ".join(envelope.rcpt_tos),
            "X-Tls": "yes" if server.transport.get_extra_info("ssl_object") else "no",
            "X-Login": session.auth_data.login.decode() if session.auth_data else "",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in envelope_lines.items())
        self.maildir.add(lines.encode() + envelope.original_content)
        for recipient in envelope.rcpt_tos:
            self.taken[recipient] += 1
            print(f"took {self.taken[recipient]} for <{recipient}>", flush=True)
        return "250 2.0.0 Message taken"

    def refusal(self, address):
        """The file's lines are ADDRESS, a tab, and the reply; `*` is everybody."""
        if not self.answers.exists():
            return None
        lines = self.answers.read_text().splitlines()
        replies = dict(line.split("\t", 1) for line in lines)
        return replies.get(address, replies.get("*"))


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("room", type=pathlib.Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", choices=["starttls", "implicit"])
    parser.add_argument("--login", nargs=2, metavar=("USER", "PASSWORD"))
    parser.add_argument("--greylisting", action="store_true")
    return parser.parse_args()


async def serve(arguments):
    post = Post(arguments.room, arguments.greylisting)
    context = None
    if arguments.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.room / "server.pem", arguments.room / "server.key")

    def authenticate(server, session, envelope, mechanism, login):
        right = [login.login.decode(), login.password.decode()] == arguments.login
        return AuthResult(success=right, handled=False, auth_data=login)

    def connection():
        starttls = arguments.tls == "starttls"
        return SMTP(
            post,
            hostname="mail.example.test",
            enable_SMTPUTF8=True,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            # Under implicit TLS aiosmtpd does not know that there is TLS; without any, the client is to know better.
            auth_require_tls=starttls,
            auth_required=arguments.login is not None,
            auth_exclude_mechanism=None if arguments.login else ["PLAIN", "LOGIN"],
            authenticator=authenticate,
        )

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", arguments.port))
    implicit = context if arguments.tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(connection, sock=listener, ssl=implicit)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(serve(read_arguments()))
