"""How well the score ranks who will talk, beside counting mentions, on the real posts where they are."""

from tests.bench.rows import Row, say
from tests.corpus.posts import EVENTS, missing
from tests.corpus.ranking import ratios

LEAST_RATIO = 1.35


def run() -> list[Row]:
    """Ratios of average precision, chats declared or not, equal scores by names and in any order."""
    lack = missing()
    if lack is not None:
        say(f"  left out: {lack}")
        return []
    rows = []
    for name in EVENTS:
        for chats in (False, True):
            for measure, (ours, peer) in ratios(name, chats).items():
                what = f"ranking {name}{', chats' if chats else ''} ({measure})"
                beside = f"average precision {ours:.4f} : {peer:.4f} of the mention count"
                rows.append(Row(what, ours / peer, "x", "1.4", least=LEAST_RATIO, beside=beside))
    return rows
