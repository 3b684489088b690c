"""The stream in a browser: nothing missing, nothing twice, and a clear message while it is down."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import CUT, Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, card, live
from tests.pages.page_checks import PageChecks

EVENTS = 50
POSITIONS = "all => all.map(one => one.dataset.position)"


def test_cut_in_mid_stream_fifty_come_in_order(pages: Pages, server: FakeServer) -> None:
    pages.allowed = CUT
    server.scene.me |= {"present": True}
    page = pages.open()
    live(page)
    cut = EVENTS // 2
    for n in range(EVENTS):
        if n == cut:
            expect(page.locator(".card")).to_have_count(cut)
            server.stop()
            expect(page.locator("#lost")).to_contain_text("Offline since")
            expect(page.locator(".card")).to_have_count(cut)  # what was there stays
        server.scene.say("suggested", **people.suggested(f"m-{n}", f"Person {n}"))
    server.start()
    expect(page.locator(".card")).to_have_count(EVENTS)
    live(page)
    expect(page.locator("#lost")).to_be_hidden()
    shown = page.eval_on_selector_all(".card", POSITIONS)
    assert shown == [str(n + 1) for n in range(EVENTS)]
    assert server.scene.streams == [None, str(cut)]


def test_a_reset_reloads_the_inbox(pages: Pages, server: FakeServer) -> None:
    """What came while nobody listened is no longer kept as entries: the inbox has it, and what ended is gone."""
    pages.allowed = CUT
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    expect(card(page, "m-4")).to_be_visible()
    server.stop()
    server.scene.say("withdrawn", card="m-1")
    server.scene.say("suggested", **people.suggested("m-5", "Omar Haddad", at=people.LATER))
    with server.scene.lock:
        server.scene.kept_from = len(server.scene.log)
    server.start()
    expect(card(page, "m-5")).to_be_visible()
    expect(card(page, "m-1")).to_have_count(0)
    live(page)
    server.scene.say("suggested", **people.suggested("m-6", "Petra Novak", at=people.LATER))
    expect(card(page, "m-6")).to_be_visible()
    assert server.scene.streams == [None, "4"]


def test_data_stored_by_an_older_version_is_replaced(pages: Pages, server: FakeServer) -> None:
    """Positions of the log were kept on devices once ("89-4"): larger than any number of an inbox, and in no way after
    it. Cards come all the same."""
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    page.evaluate("""() => {
      const kept = JSON.parse(localStorage.hallway);
      kept.cards.position = "4711-4";
      kept.cards.cards = kept.cards.cards.map((card) => ({ ...card, position: "4711-4", near: true }));
      addEventListener("pagehide", () => (localStorage.hallway = JSON.stringify(kept)));
    }""")
    page.reload()
    live(page)
    expect(page.locator(".card")).to_have_count(3)
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    expect(card(page, "m-4")).to_be_visible()
    assert page.eval_on_selector_all(".card", POSITIONS) == ["1", "2", "3", "4"]


def test_a_withdrawn_card_stays_for_people_who_met(pages: Pages, server: FakeServer) -> None:
    """Read again, an entry of a card that is closed says that it is over; who met looks back on it all the same."""
    pages.allowed = CUT
    people.three_cards(server.scene)
    server.scene.say("agreed", card="m-1", at=people.LATER, your_place=None, their_place="cafe", name="Mara Okafor")
    page = pages.open()
    live(page)
    live(page)
    button(page, "We met, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You met")
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    expect(card(page, "m-4")).to_be_visible()
    server.stop()
    server.scene.say("withdrawn", card="m-1")
    server.scene.say("withdrawn", card="m-2")
    server.start()
    expect(card(page, "m-2")).to_contain_text("is over")
    expect(card(page, "m-1")).to_contain_text("You met")


def test_a_refused_stream_is_retried(pages: Pages, server: FakeServer) -> None:
    """EventSource gives up on any status but 200; the page does not."""
    pages.allowed = ("503",)
    with server.scene.lock:
        server.scene.refuse[("GET", "/v1/me/stream")] = (503, {"detail": "Too many streams are open."})
    page = pages.open()
    expect(page.locator("#status-text")).to_have_text("Offline")
    with server.scene.lock:
        del server.scene.refuse[("GET", "/v1/me/stream")]
    live(page)


def test_a_silently_dead_connection_is_noticed(pages: Pages, server: FakeServer) -> None:
    page = pages.open("about:blank")
    page.clock.install()
    page.goto(server.url)
    live(page)
    opened = len(server.scene.streams)
    with server.scene.lock:
        server.scene.silent = True
    with page.expect_request("**/v1/me/stream"):
        page.clock.run_for(60_000)
    live(page)
    assert len(server.scene.streams) > opened


def test_a_failed_answer_says_so_and_can_be_repeated(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = (*CUT, "503", "409")
    server.scene.me |= {"present": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    server.stop()
    button(page, "Let’s meet, Mara Okafor").click()
    expect(card(page, "m-1").get_by_role("alert")).to_contain_text("No connection. Tap again when you are back online.")
    expect(button(page, "Let’s meet, Mara Okafor")).to_be_focused()
    look.at(page, "17-answer-failed", whole=False)
    with server.scene.lock:
        server.scene.refuse[("POST", "/v1/me/answers")] = (503, {"detail": "Hallway is busy. Send it again."})
    server.start()
    live(page)
    button(page, "Let’s meet, Mara Okafor").click()
    expect(card(page, "m-1").get_by_role("alert")).to_contain_text("Hallway is busy.")
    with server.scene.lock:
        server.scene.refuse.clear()
    button(page, "Let’s meet, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    expect(card(page, "m-1").get_by_role("alert")).to_have_count(0)
    with server.scene.lock:
        server.scene.refuse[("POST", "/v1/me/answers")] = (409, {"detail": "This card is over."})
    button(page, "Later, Jean-Luc Bouchard").click()
    expect(card(page, "m-2")).to_have_text("The card with Jean-Luc Bouchard is over.OK")


def test_markup_in_a_name_is_text(pages: Pages, server: FakeServer) -> None:
    name = "<script>document.title='x'</script><img src=x onerror=alert(1)>"
    server.scene.say("suggested", **people.suggested("m-1", name))
    page = pages.open()
    expect(page.locator(".card h3")).to_have_text(name)
    assert page.locator("#cards script, #cards img").count() == 0
    assert page.title() == "Hallway"
