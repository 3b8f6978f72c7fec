"""The cockpit on a stored run. Imports Textual."""

from vumeter.cli.viewer import viewer_name
from vumeter.link import archive, folders
from vumeter.link.folders import RunFolder
from vumeter.run.stored_feed import StoredFeed
from vumeter.tui.feed import Feed
from vumeter.tui.moments import moment_s
from vumeter.tui.player import Player
from vumeter.tui.preferences import default_path


def play(folder: RunFolder, *, speed: float, start: str) -> None:
    """
    Play the stored run in *folder* until the viewer leaves.

    Raises:
        VumeterError: It cannot be read, or *start* is no moment.
    """
    with archive.opened(folder) as stored:
        feed = StoredFeed(stored, speed=speed, is_over=not folders.is_live(folder))
        feed.seek(moment_s(start, now_s=0.0, end_s=feed.end_s))

        async def dial() -> Feed:
            return await feed.open()

        player = Player(dial, feed, viewer=viewer_name(), path=default_path())
        player.run()
        if player.refusal is not None:
            raise player.refusal
