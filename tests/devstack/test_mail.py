"""The mail catcher keeps every mail whole, under names that sort by arrival."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from devstack import mailbox
from devstack.stack import Stack


def send(stack: Stack, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", int(stack.env["EMAIL_PORT"]), timeout=10) as server:
        server.send_message(mail)


def letter(subject: str, *, to: str = "eleni@sunny-court.example") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "New Concierge <noreply@newconcierge.gr>"
    mail["To"] = f"Eleni Papadaki <{to}>"
    mail.set_content("Καλώς ήρθατε: https://sunny-court.localhost/\n")
    mail.add_alternative("<p>Καλώς ήρθατε</p>", subtype="html")
    return mail


def test_a_mail_is_kept_as_one_file_and_read_back(stack: Stack) -> None:
    stack.start_part("mail")
    send(stack, letter("Welcome"))
    (mail,) = mailbox.mails_to("Eleni@Sunny-Court.example", folder=stack.mail_dir)
    assert mail["Subject"] == "Welcome"
    assert mailbox.plain_text(mail) == "Καλώς ήρθατε: https://sunny-court.localhost/\n"
    assert mailbox.mails_to("nikos@sunny-court.example", folder=stack.mail_dir) == []


def test_mails_sort_by_arrival_and_survive_the_catcher(stack: Stack) -> None:
    stack.start_part("mail")
    for number in range(5):
        send(stack, letter(f"Mail {number}"))
    stack.restart_part("mail")
    send(stack, letter("Mail 5"))
    subjects = [mail["Subject"] for mail in mailbox.all_mails(stack.mail_dir)]
    assert subjects == [f"Mail {number}" for number in range(6)]


def test_many_at_once_lose_none_and_leave_no_half_of_a_file(stack: Stack) -> None:
    stack.start_part("mail")
    subjects = {f"Mail {number}" for number in range(40)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda subject: send(stack, letter(subject)), subjects))
    assert {mail["Subject"] for mail in mailbox.all_mails(stack.mail_dir)} == subjects
    assert [path for path in stack.mail_dir.iterdir() if path.suffix != ".eml"] == []
