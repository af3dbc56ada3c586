"""The rule book's page is what the catalogue and the code say."""

from docs.render import PAGE, rules_page


def test_the_page_is_as_the_catalogue_and_the_code_have_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "run `make docs`"
