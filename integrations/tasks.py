"""Celery tasks. Each finds its work in the database, so a lost, late or doubled message does no harm.

They are what beat sends and what a wake-up asks for: both only say "look". A wake-up, its task (`integrations.<name>`)
and its beat entry bear one name, which is that of the function it runs; with `next` in it where that does one of many.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from celery import Task, shared_task
from django.utils import timezone

from accounts.access_log import seals
from accounts.messages import send_mail as mail
from accounts.messages import send_sms as sms
from accounts.own_data import erasure, retention
from accounts.staff_sign_in import tries
from clinical.assistant import replies, session_bookings
from clinical.mirror import apply
from clinical.prescriptions import actions as prescriptions
from clinical.reminders import actions as reminders
from clinical.visits import decisions
from hospitals.staff import import_file
from integrations.calcom.bookings import no_shows, waiting
from integrations.calcom.bookings import worker as bookings
from integrations.calcom.inbound import lookup_worker, pull
from integrations.calcom.inbound import processing as webhooks
from integrations.calcom.schedules import event_types, publisher
from integrations.calcom.setup import connect_queue, contract_check, link_check, subscription
from integrations.vapi.inbound import fetching
from integrations.vapi.inbound import processing as calls

# One message's share of a worker; what is left is found by the next.
SHARE_SECONDS = 60


def _task(run: Callable[[], None]) -> Task[[], None]:
    task: Task[[], None] = shared_task(name=f"integrations.{run.__name__}")(run)
    return task


def _while_work(step: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SHARE_SECONDS
    while step() and time.monotonic() < deadline:
        pass


@_task
def process_webhooks() -> None:
    _while_work(lambda: webhooks.process_webhooks(at=timezone.now()) == webhooks.BATCH)


@_task
def process_calls() -> None:
    _while_work(lambda: calls.process_next_call(at=timezone.now()))


@_task
def fetch_reports() -> None:
    _while_work(fetching.fetch_next_report)
    process_calls()


@_task
def link_session_bookings() -> None:
    session_bookings.link_session_bookings(at=timezone.now())


@_task
def answer_messages() -> None:
    _while_work(replies.answer_next_message)


@_task
def close_chats() -> None:
    replies.close_chats(at=timezone.now())


@_task
def run_booking_requests() -> None:
    _while_work(bookings.run_next_booking_request)
    if waiting.cancel_withdrawn(at=timezone.now()):
        _while_work(bookings.run_next_booking_request)


@_task
def pass_on_no_shows() -> None:
    _while_work(no_shows.pass_on_next_no_show)


@_task
def push_schedules() -> None:
    """And how long a visit lasts, which is the event type's part of a doctor's hours."""
    _while_work(publisher.push_next_schedule)
    _while_work(event_types.push_next_event_type)


@_task
def connect_doctors() -> None:
    _while_work(connect_queue.connect_next_doctor)


@_task
def check_links() -> None:
    link_check.check_links(at=timezone.now())


@_task
def send_staff_mail() -> None:
    _while_work(lambda: mail.send_staff_mail(at=timezone.now()) > 0)


@_task
def send_sms() -> None:
    """What is queued: codes first, and before those whose visits were cancelled have their message in the queue."""
    sms.send_sms(at=timezone.now())
    _while_work(lambda: decisions.tell_cancelled(at=timezone.now()) > 0)
    _while_work(lambda: decisions.tell_reassigned(at=timezone.now()) > 0)
    _while_work(lambda: sms.send_sms(at=timezone.now()) > 0)


@_task
def queue_reminders() -> None:
    _while_work(lambda: reminders.queue_reminders(at=timezone.now()) > 0)


@_task
def purge_reminders() -> None:
    reminders.purge_reminders(at=timezone.now())


@_task
def look_up_bookings() -> None:
    _while_work(lookup_worker.look_up_bookings)


@_task
def pull_bookings() -> None:
    pull.pull_bookings()


@_task
def check_subscription() -> None:
    subscription.check_subscription_if_due(at=timezone.now())


@_task
def check_contract() -> None:
    contract_check.check_contract_if_due(at=timezone.now())


@_task
def complete_past_visits() -> None:
    apply.complete_past_visits(at=timezone.now())


@_task
def expire_prescriptions() -> None:
    _while_work(lambda: prescriptions.expire_prescriptions(at=timezone.now()) > 0)


@_task
def seal_access_events() -> None:
    _while_work(lambda: seals.seal_access_events(at=timezone.now()) is not None)


@_task
def purge_sign_in_traces() -> None:
    tries.purge_sign_in_traces(at=timezone.now())


@_task
def import_staff() -> None:
    _while_work(lambda: import_file.import_next_staff(at=timezone.now(), told=import_file.tell_progress))


@_task
def purge_staff_imports() -> None:
    import_file.purge_staff_imports(at=timezone.now())


@_task
def carry_out_erasures() -> None:
    _while_work(lambda: erasure.carry_out_next_erasure(at=timezone.now()))


@_task
def apply_retention() -> None:
    """Each hour, what is left by the next: most hours there is nothing."""
    retention.apply_retention(at=timezone.now(), seconds=SHARE_SECONDS)
