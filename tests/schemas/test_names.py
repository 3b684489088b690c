"""The one normal form of accounts and hashtags: what people paste, and what becomes of it; what is refused, and why."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import names
from schemas.codec import Codec, Record, Reject
from schemas.folding import fold
from tests.schemas.kept import changed

ACCOUNTS = [
    # as it is
    ("x:ada", "x:ada"),
    ("p:3f19c2e77b04d5a8e6b1c200", "p:3f19c2e77b04d5a8e6b1c200"),
    ("bsky:did:plc:abc234", "bsky:did:plc:abc234"),
    ("linkedin:ada-lovelace-", "linkedin:ada-lovelace-"),
    ("x:_ada_", "x:_ada_"),
    # case, width, signs and white space around it
    ("X: @Ada ", "x:ada"),
    ("ｘ：＠Ａｄａ", "x:ada"),
    # what nobody sees
    ("bsky:\u202aada.example.org\u202c", "bsky:ada.example.org"),
    ("\u2066bsky:ada.example.org\u2069", "bsky:ada.example.org"),
    ("\ufeffx:ada\u200b", "x:ada"),
    ("x\u200e:a\u00add\u2060a\ufe0f", "x:ada"),
    ("x:ada\U000e0041", "x:ada"),
    # punctuation around it
    ("x:ada.", "x:ada"),
    ("(x:ada),", "x:ada"),
    ("“x:ada”", "x:ada"),
    ("<x:ada>", "x:ada"),
    ("x:ada…", "x:ada"),
    # two names of one network
    ("twitter:Ada", "x:ada"),
    ("bluesky:@ada.example.org", "bsky:ada.example.org"),
    # links to profiles
    ("https://bsky.app/profile/Ada.Example.org", "bsky:ada.example.org"),
    ("https://bsky.app/profile/did:plc:abc234/post/3k2", "bsky:did:plc:abc234"),
    ("https://x.com/Ada?lang=en", "x:ada"),
    ("https://mobile.twitter.com/ada/status/17#m", "x:ada"),
    ("http://www.twitter.com/@ada/", "x:ada"),
    ("x.com/ada", "x:ada"),
    ("<https://x.com/ada>", "x:ada"),
    ("x:https://x.com/ada", "x:ada"),
    ("x:x.com/ada", "x:ada"),
    ("https://social.example/@Dee", "mastodon:dee@social.example"),
    ("https://www.social.example/users/dee", "mastodon:dee@social.example"),
    ("https://social.example/@dee@other.example", "mastodon:dee@other.example"),
    ("https://social.example/web/@dee", "mastodon:dee@social.example"),
    ("social.example/@dee", "mastodon:dee@social.example"),
    ("mastodon:https://social.example/@dee", "mastodon:dee@social.example"),
    ("pixelfed:https://pix.example/@dee", "pixelfed:dee@pix.example"),
    ("@dee@social.example", "mastodon:dee@social.example"),
    ("acct:dee@social.example", "mastodon:dee@social.example"),
    ("at://ada.example.org/app.bsky.feed.post/3k2", "bsky:ada.example.org"),
    ("https://de.linkedin.com/in/ada-l%C3%B6we/", "linkedin:ada-löwe"),
    ("https://www.instagram.com/ada", "instagram:ada"),
    ("https://www.threads.net/@ada", "threads:ada"),
    ("https://github.com/ada", "github:ada"),
    ("x.com:ada", "x:ada"),
    ("de.linkedin.com:ada", "linkedin:ada"),
    ("x:a\u2800da", "x:ada"),
    # letters
    ("x:Straße", "x:strasse"),
    ("x:Zoe\u0308", "x:zoë"),
    ("mastodon:\u0130pek@social.example", "mastodon:ipek@social.example"),
    ("vk:Ада", "vk:ада"),
    ("line:山田太郎", "line:山田太郎"),
]

NO_ACCOUNTS = [
    ("ada", "network:handle"),
    ("x:", "network:handle"),
    ("x:\u200b", "network:handle"),
    ("x:" + "a" * 255, "256"),
    ("mailto:cem@example.org", "e-mail"),
    ("email:cem@example.org", "e-mail"),
    ("E-mail: cem@example.org", "e-mail"),
    ("javascript:alert(1)", "link"),
    ("about:blank", "link"),
    ("www:ada", "link"),
    ("phone:123", "link"),
    ("cem@example.org", "network:handle"),
    ("https://example.org/team/ada", "link"),
    ("https://x.com/home", "link"),
    ("https://x.com/i/flow/login", "link"),
    ("https://bsky.app/", "link"),
    ("https://www.linkedin.com/company/acme", "link"),
    ("https://www.facebook.com/profile.php?id=17", "link"),
    ("ftp://x.com/ada", "link"),
    ("https:", "network:handle"),
    ("https:ada", "link"),
    ("x:https://example.org/", "link"),
    ("x:https://bsky.app/profile/ada.example.org", "two networks"),
    ("x:ada x:bob", "white space"),
    ("x:ada\u3000bob", "white space"),
    ("x:a\x07da", "control"),
    ("github:org/ada", "/"),
    ("x:\u0430da", "Latin and Cyrillic"),
    ("x:αda", "Latin and Greek"),
    ("\u0445:ada", "name of a network"),
]

HASHTAGS = [
    ("hitsm", "hitsm"),
    ("#HITsm", "hitsm"),
    ("＃ＨＩＴＳＭ", "hitsm"),
    ("##hitsm", "hitsm"),
    ("hitsm\u200b", "hitsm"),
    ("#\u200ehitsm\u200f", "hitsm"),
    ("hitsm\ufe0f", "hitsm"),
    ("hit\u00adsm", "hitsm"),
    ("#hitsm.", "hitsm"),
    ("#hitsm),", "hitsm"),
    ("“#hitsm”", "hitsm"),
    ("#hitsm…", "hitsm"),
    ("#hitsm!!!", "hitsm"),
    ("_hitsm_", "_hitsm_"),
    ("himss-27", "himss-27"),
    ("Cafe\u0301", "café"),
    ("GROSSE", "grosse"),
    ("Große", "grosse"),
    ("\u0130STANBUL", "istanbul"),
    ("i\u0307stanbul", "istanbul"),
    ("ısparta", "ısparta"),  # a dotless i is a letter of its own
    ("نرم\u200cافزار", "نرمافزار"),
    ("#医療IT", "医療it"),
    ("❤\ufe0f", "❤"),
    ("https://bsky.app/hashtag/HITsm", "hitsm"),
    ("https://social.example/tags/hitsm", "hitsm"),
    ("https://x.com/hashtag/hitsm?src=hashtag_click", "hitsm"),
    ("https://www.linkedin.com/feed/hashtag/caf%C3%A9/", "café"),
]

NO_HASHTAGS = [
    ("", "1 to 256"),
    ("#", "1 to 256"),
    ("\u200b", "1 to 256"),
    ("a" * 257, "1 to 256"),
    ("...", "punctuation"),
    ("#himss27 #hitsm", "each hashtag by itself"),
    ("himss27#hitsm", "each hashtag by itself"),
    ("health it", "each hashtag by itself"),
    *[(f"himss27{between}hitsm", "each hashtag by itself") for between in ",;/|、，；\\"],
    ("hitsm\u3000x", "each hashtag by itself"),
    ("https://example.org/hitsm", "link"),
]


@pytest.mark.parametrize(("pasted", "normal"), ACCOUNTS)
def test_an_account_as_it_is_pasted(pasted: str, normal: str) -> None:
    assert names.normalize_account(pasted) == normal
    assert names.normalize_account(normal) == normal


@pytest.mark.parametrize(("pasted", "why"), NO_ACCOUNTS)
def test_what_is_no_account_is_refused_with_the_reason(pasted: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        names.normalize_account(pasted)
    assert why in str(refused.value)


@pytest.mark.parametrize(("pasted", "normal"), HASHTAGS)
def test_a_hashtag_as_it_is_pasted(pasted: str, normal: str) -> None:
    assert names.normalize_hashtag(pasted) == names.normalize_posted_hashtag(pasted) == normal
    assert names.normalize_hashtag(normal) == normal


@pytest.mark.parametrize(("pasted", "why"), NO_HASHTAGS)
def test_what_is_no_hashtag_is_refused_with_the_reason(pasted: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        names.normalize_hashtag(pasted)
    assert why in str(refused.value)


def _decoded(line: bytes, **how: Any) -> Record | Reject:
    return Codec(**how).decode(line)


@pytest.mark.parametrize(("pasted", "why"), [("#himss27 #hitsm", "each hashtag by itself"), ("https://a.b/c", "link")])
def test_a_conference_follows_hashtags_only(pasted: str, why: str) -> None:
    for fields in ({"hashtags": [pasted]}, {"chats": [{"hashtag": pasted}]}):
        found = _decoded(changed("conference.opened", **fields), from_outside=True)
        assert isinstance(found, Reject)
        assert why in found.reason


def test_a_post_keeps_what_its_network_calls_a_hashtag() -> None:
    found = _decoded(changed("activity.posted", hashtags=["Machine Learning", "HITsm\u200b", "..."]))
    assert isinstance(found, Record)
    assert found.event.hashtags == ("machine learning", "hitsm", "...")


def test_a_log_keeps_what_an_earlier_version_took() -> None:
    """Else its records would be numbered anew, or a conference never be opened."""
    logs: list[tuple[str, dict[str, Any]]] = [
        ("conference.opened", {"hashtags": ["himss27 #hitsm"], "chats": [{"hashtag": "a b"}]}),
        ("attendee.registered", {"accounts": ["https://x.com", "x:ada x:bob"]}),
        ("attendee.blocked", {"blocked": "mailto:ada@example.org"}),
        ("activity.posted", {"mentions": ["github:org/ada"]}),
    ]
    for kind, fields in logs:
        line = changed(kind, **fields, recorded_at="2026-02-06T17:01:03.000Z")
        logged = _decoded(line)
        assert isinstance(logged, Record)
        for name, said in fields.items():
            got = getattr(logged.event, name)
            if name == "chats":
                got, said = tuple(chat.hashtag for chat in got), [chat["hashtag"] for chat in said]
            assert got == (tuple(said) if isinstance(said, list) else said)
        assert isinstance(_decoded(line, from_outside=True), Reject)  # whoever sends it, is no log


ANY = st.text(
    st.sampled_from(
        "@#＠＃:：/._-…,() \t\u3000\u200b\u200c\u200d\u202a\ufe0f\u00ad\u0345ᾳßﬁİıiaA\u0301\u0307\u0323\u03c2"
    )
    | st.characters(exclude_categories=["Cs"])
)
PASTED = st.one_of(
    ANY,
    *[ANY.map(form.format) for form in ("x:{}", "twitter:@{}", "https://{}", "https://a.b/@{}", "x:https://x.com/{}",
                                        "acct:{}@a.b", "@{}@a.b", "https://bsky.app/profile/{}", "https://a.b/tags/{}")],
)  # fmt: skip


@example("://TAG/\r")
@example("0://TAG/0?\n")
@given(PASTED)
def test_a_normal_form_is_its_own(pasted: str) -> None:
    assert fold(fold(pasted)) == fold(pasted)
    for normal in (names.normalize_account, names.normalize_hashtag, names.normalize_posted_hashtag):
        try:
            once = normal(pasted)
        except ValueError:
            continue
        assert normal(once) == once


@given(st.from_regex(r"[a-z0-9]{2,9}:[a-z0-9_](?:[a-z0-9_.:@\-]{0,20}[a-z0-9_])?", fullmatch=True))
def test_what_logs_hold_stays_as_it_is(account: str) -> None:
    network = account.partition(":")[0]
    if network in {*names.NETWORKS, *names._SCHEMES}:
        return
    assert names.normalize_account(account) == account
    assert names.normalize_hashtag(account.partition(":")[2].replace("@", "")) != ""
