"""Who receives: by role or by login, each once; an office's mailbox where nobody holds a role."""

from services.domain.watch import Mailboxes, People, Person, Watch

AN = Person(login="an", name="An", email="an@coquan.example", role="analyst")
BINH = Person(login="binh", name="Bình", email="binh@coquan.example", role="leadership")


def watch(*recipients: str) -> Watch:
    return Watch(id="w", name="W", query="place:bu-gia-map", recipients=list(recipients))


def test_recipients_are_each_named_once_in_the_order_of_the_watch() -> None:
    people = People([AN, BINH], Mailboxes())
    assert people.recipients(watch("leadership", "an", "analyst")) == [BINH, AN]


def test_a_role_that_nobody_holds_has_the_offices_mailbox() -> None:
    people = People([AN], Mailboxes(leadership="lanh-dao@coquan.example"))
    (box,) = people.recipients(watch("leadership"))
    assert (box.email, box.login) == ("lanh-dao@coquan.example", "")
    assert people.by_role["analyst"] == [AN]


def test_a_mailbox_decides_nothing() -> None:
    people = People([], Mailboxes())
    assert people.by_login == {}
    assert [person.email for person in people.recipients(watch("leadership", "analyst", "operator"))] == [
        "lanh-dao@localhost",
        "chuyen-vien@localhost",
        "van-hanh@localhost",
    ]
