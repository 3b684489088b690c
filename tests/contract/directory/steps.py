"""Steps over the port that several parts take."""

from collections.abc import Iterable, Sequence

from services.directory.port import Directory, Erased, Held, Person, PostRef


def tokens_for(directory: Directory, accounts: Iterable[str]) -> dict[str, str]:
    """The token of each account; made where there is none."""
    return {account: row.token for account, row in directory.rows_for(accounts).items()}


def kept_posts(directory: Directory, refs: Sequence[PostRef]) -> list[str]:
    """The tokens of posts, with their way back."""
    named = directory.tokenize_posts(refs, directory.rows_for([ref.actor for ref in refs]))
    directory.index_posts(named)
    return [post.token for post in named]


def erase(directory: Directory, conference: str, attendee: str) -> Erased:
    """Erases one attendee."""
    return directory.erasing.erase(conference, [attendee])[0]


def moved_in(directory: Directory, canary: str, at: int, posts: int = 5) -> tuple[str, list[str]]:
    """Somebody of whom everything is kept; their id, and what must not be found after their erasure."""
    account, mail = f"x:{canary}-account", f"{canary}@mail.example"
    person = directory.people.add(
        Person(conference="hims", attendee="", name=f"{canary} Name", email=mail, picture=f"https://p/{canary}-face")
    )
    assert person is not None
    who = person.attendee
    token = tokens_for(directory, [account])[account]
    directory.hold([Held("hims", who, token, "verified")])
    kept_posts(directory, [PostRef(f"x:{canary}-post{n}", account, at) for n in range(posts)])
    link = directory.sessions.first_link("hims", who)
    assert isinstance(link, str)
    session = directory.sessions.sign_in(link, f"{canary}-device")
    assert session is not None
    directory.sessions.device_link(session.grant)
    directory.codes.begin("hims", who, account)
    kinds = ("-account", "@mail", " Name", "-face", "-device", "-post")
    return who, [canary, who, token, *(f"{canary}{kind}" for kind in kinds)]
