"""A page of HTML as the tests read it: its elements, its text, and whether it is well formed."""

from html.parser import HTMLParser

VOID = {"meta", "br"}
APART = {"dd", "dt", "figcaption", "li", "p", "span", "summary", "td", "th"}


class Page(HTMLParser):
    """What a browser would find in a page; fails where an element is not closed where it should be."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.declarations: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert [] == self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        """Take a start tag."""
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice: {tag} {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        """Take an end tag."""
        assert tag == self._open.pop()
        if tag in APART:
            self.texts.append(" ")

    def handle_data(self, data):
        """Take text."""
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    def handle_comment(self, data):
        """Nothing of a report is a comment."""
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl):
        """Take the declaration that a page begins with."""
        self.declarations.append(decl)

    def unknown_decl(self, data):
        """Nothing of a report is a section of another sort."""
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data):
        """Nothing of a report is an instruction."""
        raise AssertionError(f"an instruction: {data}")

    @property
    def text(self) -> str:
        """All its text, each stretch of space as one."""
        return " ".join("".join(self.texts).split())

    @property
    def names(self) -> list[str]:
        """The names of its places."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]
