"""`vumeter show [RUN]`: the summary of a stored run, as it was printed at its end."""

from vumeter.cli.flags import RunName


def show(
    run: RunName = None,
) -> None:
    """Print what a run came to: one that has ended, one that goes on, one that died."""
    from vumeter.cli.ending import print_summary
    from vumeter.link import archive

    folder = archive.find(run)
    print_summary(archive.summary(folder))
    with archive.opened(folder) as stored:
        flames = stored.flames()
    for head in flames:
        print(f"{head.words}\n  vumeter export {folder.id} --format flamegraph --flame {head.id}")
