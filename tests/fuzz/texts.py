"""Hostile texts for a target: those of its corpus varied, and its words put together."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.target import Target

HOSTILE = (
    *(
        "\x00",
        "\ud800",
        "\udfff",
        "\u202e",
        "\u2028",
        "\ufeff",
        "\x1b[31m",
        "\r",
        "\n",
        "\t",
        "\x85",
    ),
    # Digits of other scripts, letters that change their number with their case, a wide one
    *("٣", "²", "İ", "ß", "ﬁ", "😀"),
    *("nan", "-inf", "1e400", "-1", "0x10", "1_0", "9" * 20, "9" * 5000, "0" * 300 + "1"),
    *("``", '"', "'", "\\", "\\u", "%25", "%00", "${x}", "{{", "}}", "../", "://", "//", "@", "&&"),
    *("((((", "))))", "[[[[", "{}{}", "<@1>", "](x)", "||", "- - - ", "&a ", "*a ", "!!python/x "),
)

REPEATS = (2, 10, 100, 1000, 20000)
MOST_CHANGES = 5


def texts(target: Target) -> st.SearchStrategy[str]:
    """Texts for a target, most of them near to what it understands."""
    words = st.sampled_from((*target.words, *HOSTILE)) | st.text(max_size=4)
    put_together = st.lists(words, max_size=12).map("".join)
    begun = st.sampled_from(target.corpus) | put_together if target.corpus else put_together
    return _varied(begun, words, target.longest)


@st.composite
def _varied(
    draw: st.DrawFn, begun: st.SearchStrategy[str], words: st.SearchStrategy[str], longest: int
) -> str:
    text = draw(begun)
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        text = _changed(draw, text, begun, words)[:longest]
    return text[:longest]


def _changed(
    draw: st.DrawFn, text: str, begun: st.SearchStrategy[str], words: st.SearchStrategy[str]
) -> str:
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.sampled_from((0, 1, 2, 8, 64, len(text)))))
    before, part, after = text[:start], text[start:end], text[end:]
    match draw(st.sampled_from(("word", "other", "repeated", "without", "case", "spliced"))):
        case "word":
            return f"{before}{draw(words)}{after}"
        case "other":
            return f"{before}{draw(words)}{text[start:]}"
        case "repeated":
            return f"{before}{(part or draw(words)) * draw(st.sampled_from(REPEATS))}{after}"
        case "case":
            return f"{before}{part.swapcase()}{after}"
        case "spliced":
            return f"{before}{draw(begun)[start:]}"
    return before + after
