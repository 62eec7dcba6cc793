"""For MkDocs: links from a page to files outside docs/, which GitHub follows, become names of those files.

With ``repo_url`` in mkdocs.yml they lead to the files in that repository.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>\.\./[^)\s]+)\)")
CODE = re.compile(r"^(```.*?^```|    [^\n]*)$", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Called by MkDocs with every page; code blocks are left as they are."""
    parts = CODE.split(markdown)
    parts[::2] = [rewritten(part, page.file.src_uri, config.repo_url) for part in parts[::2]]
    return "".join(parts)


def rewritten(markdown: str, page: str, repository: str | None) -> str:
    """``markdown`` with every link out of docs/ replaced.

    Args:
        markdown: text of a page.
        page: path of the page in docs/.
        repository: address of the repository; None for none.
    """

    def replacement(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link["target"].partition("#")[0]))
        if path == "docs" or path.startswith("docs/"):
            return link[0]
        if repository:
            return f"[{link['text']}]({repository.rstrip('/')}/blob/main/{path})"
        text = link["text"]
        return text if path in text else f"{text} (`{path}`)"

    return LINK.sub(replacement, markdown)
