"""Fills a stopped server's SQLite file: seed.py FILE USERS SESSIONS. Each row is a copy of the administrator's own, under
another id, address, secret and device, so that it has whatever columns there are; one session and one login event each."""
import os
import sqlite3
import sys

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
]


def uuid(millis, number, kind):
    """Version 7: the time, then what tells it from others of that time."""
    return millis.to_bytes(6, "big") + bytes([0x70, kind, 0x80, 0]) + number.to_bytes(6, "big")


def template(database, table, order):
    cursor = database.execute(f"SELECT * FROM {table} ORDER BY {order} LIMIT 1")
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone()))


def copies(database, table, row, changes):
    columns = list(row)
    places = ", ".join("?" for _ in columns)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
    database.executemany(statement, ([{**row, **change}[column] for column in columns] for change in changes))


def main():
    file, users, sessions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    user = template(database, "users", "id")
    address = template(database, "addresses", "added_at")
    session = template(database, "sessions", "id DESC")
    # Before every session of the one who looks, so that theirs is the newest.
    born = session["created_at"] - 3_600_000
    ids = [uuid(born + number // 1000, number, 1) for number in range(users)]
    emails = [f"user-{number:07}@example.test" for number in range(users)]

    database.execute("BEGIN")
    copies(database, "users", {**user, "roles": "", "password": None}, (
        {"id": ids[number], "email": emails[number], "name": f"User {number}"} for number in range(users)))
    copies(database, "addresses", address, (
        {"email": emails[number], "user_id": ids[number]} for number in range(users)))
    copies(database, "sessions", {**session, "device_id": None}, (
        {
            "id": uuid(born + number // 1000, number, 2),
            "user_id": ids[number % users],
            "secret": os.urandom(32),
            "remembered": number % 2,
            "user_agent": AGENTS[number % len(AGENTS)],
            "address": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        } for number in range(sessions)))
    database.executemany(
        "INSERT INTO audit_events (act_id, at, actor, kind, reason, user_id, session_id) VALUES (?, ?, 'visitor', 'login.succeeded', '', ?, ?)",
        ((uuid(born + number // 1000, number, 3), born + number // 1000, ids[number % users],
          uuid(born + number // 1000, number, 2)) for number in range(sessions)))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


main()
