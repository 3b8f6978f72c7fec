"""The three pages: where a token is typed in, the terminal, and what is in the way."""

from html import escape
from string import Template

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self'; "
    # The terminal makes its styles as it goes.
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: nothing from elsewhere."""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>vumeter · $run</title>
$head<style>
@font-face {
  font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf");
}
html, body { margin: 0; height: 100%; background: #10141a; color: #c9d1d9; }
body { font: 16px "Roboto Mono", monospace; }
main { max-width: 34em; margin: 0 auto; padding: 15vh 1em; }
h1 { font-size: 1.2em; }
input, button { font: inherit; padding: .5em; color: inherit; background: #1b222c; }
input, button { border: 1px solid #58a6ff; }
input { width: 100%; box-sizing: border-box; margin: 1em 0; }
a { color: #58a6ff; }
.warning { color: #f0883e; }
.textual-terminal { position: fixed; inset: 0; }
.over { display: none; position: fixed; inset: 0; z-index: 10; background: #10141acc; }
body.-closed .over { display: block; }
</style>
</head>
<body>
$body
</body>
</html>
""")

_ENTRANCE = Template("""<main>
<h1>vumeter · $run</h1>
<p>$words</p>
<form method="post" action="/">
<label>The token that vumeter serve has written down, to watch or to steer:
<input name="token" type="password" autocomplete="current-password" autofocus required></label>
<button>Open the cockpit</button>
</form>
</main>""")

_TERMINAL_HEAD = """<link rel="stylesheet" href="/static/css/xterm.css">
<script src="/static/js/textual.js"></script>
<script src="/focus.js"></script>
"""

FOCUS = """addEventListener("load", () => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys) keys.focus();
});
"""
"""A script: keys go to the terminal without a click on it."""

_TERMINAL = Template("""<div class="textual-terminal" data-session-websocket-url="$url"
 data-font-size="$font_size"></div>
<div class="over"><main><h1>The cockpit is closed.</h1>
<p>The run does not mind. <a href="/">Open it again</a></p></main></div>""")

_PROBLEM = Template("""<main><h1>vumeter · $run</h1>
<p class="warning">$words</p>
<p><a href="/">Try again</a></p></main>""")

_FONT_SIZE = 15


def entrance(run: str, *, refused: str = "") -> str:
    """Return the page where a token is typed in; *refused*: why the last one was not taken."""
    words = f'<span class="warning">{escape(refused)}</span>' if refused else ""
    return _page(run, _ENTRANCE.substitute(run=escape(run), words=words))


def terminal(run: str, *, url: str) -> str:
    """Return the page with a terminal on the WebSocket at *url*."""
    body = _TERMINAL.substitute(url=escape(url), font_size=_FONT_SIZE)
    return _page(run, body, head=_TERMINAL_HEAD)


def problem(run: str, words: str) -> str:
    """Return the page that says what is in the way."""
    return _page(run, _PROBLEM.substitute(run=escape(run), words=escape(words)))


def _page(run: str, body: str, *, head: str = "") -> str:
    return _PAGE.substitute(run=escape(run), head=head, body=body)
