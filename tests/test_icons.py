"""Icons are drawn from the installed package."""

from __future__ import annotations

from backoffice.icons import icon_svg


def test_a_known_icon_is_drawn_hidden_from_screen_readers() -> None:
    drawn = icon_svg("plus-lg")
    assert drawn.startswith('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path')
    assert drawn.count("<svg") == drawn.count("</svg>") == 1


def test_an_unknown_icon_draws_nothing() -> None:
    assert icon_svg('x"><script>') == ""
