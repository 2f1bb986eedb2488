"""Celery tasks. Each finds its work in the database, so a lost, late or doubled message does no harm.

They are the sweeps and the wake-ups at once: both only say "look".
"""

from __future__ import annotations

import time
from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from accounts.access_log.sealing import seal_access_events as seal
from accounts.messages.send_mail import send_queued_mail
from accounts.messages.send_sms import send_queued_sms
from accounts.own_data.erasure import run_erasure_step
from accounts.own_data.retention import apply_retention as retain
from accounts.staff_sign_in.purge import purge_sign_in_traces as purge_traces
from clinical.assistant.replies import answer_next_message, end_idle_sessions, queue_summaries
from clinical.assistant.session_bookings import link_session_bookings as link_bookings
from clinical.mirror.apply import complete_past_visits as complete
from clinical.prescriptions.actions import expire_prescriptions
from clinical.reminders.actions import plan_reminders, queue_due_reminders
from clinical.reminders.actions import purge_reminders as purge_old_reminders
from clinical.visits.decisions import tell_cancelled
from hospitals.staff.import_file import purge_staff_imports, run_next_staff_import, tell_progress
from integrations.calcom.bookings.no_shows import run_next_mark
from integrations.calcom.bookings.worker import run_next_request
from integrations.calcom.inbound.lookup_worker import run_due_lookups
from integrations.calcom.inbound.processing import BATCH, process_pending_webhooks
from integrations.calcom.inbound.pull import pull_changed_if_due, pull_window_if_due
from integrations.calcom.schedules.event_types import push_next_event_type
from integrations.calcom.schedules.publisher import push_next_schedule
from integrations.calcom.setup.connect_queue import connect_next_doctor
from integrations.calcom.setup.link_check import check_due_links
from integrations.calcom.setup.subscription import check_subscription_if_due as check
from integrations.vapi.inbound.fetching import fetch_next_report
from integrations.vapi.inbound.processing import process_next_report

# One message's share of a worker; what is left is found by the next.
SHARE_SECONDS = 60


def _while_work(step: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SHARE_SECONDS
    while step() and time.monotonic() < deadline:
        pass


@shared_task(name="integrations.sweep_webhooks")
def sweep_webhooks() -> None:
    _while_work(lambda: process_pending_webhooks(at=timezone.now()) == BATCH)


@shared_task(name="integrations.sweep_calls")
def sweep_calls() -> None:
    _while_work(lambda: process_next_report(at=timezone.now()))


@shared_task(name="integrations.fetch_reports")
def fetch_reports() -> None:
    _while_work(fetch_next_report)
    sweep_calls()


@shared_task(name="integrations.link_session_bookings")
def link_session_bookings() -> None:
    link_bookings(at=timezone.now())


@shared_task(name="integrations.sweep_chats")
def sweep_chats() -> None:
    _while_work(answer_next_message)


@shared_task(name="integrations.close_chats")
def close_chats() -> None:
    end_idle_sessions(at=timezone.now())
    queue_summaries(at=timezone.now())


@shared_task(name="integrations.sweep_booking_requests")
def sweep_booking_requests() -> None:
    _while_work(run_next_request)


@shared_task(name="integrations.sweep_marks")
def sweep_marks() -> None:
    _while_work(run_next_mark)


@shared_task(name="integrations.sweep_schedules")
def sweep_schedules() -> None:
    _while_work(push_next_schedule)
    _while_work(push_next_event_type)


@shared_task(name="integrations.connect_doctors")
def connect_doctors() -> None:
    _while_work(connect_next_doctor)


@shared_task(name="integrations.check_links")
def check_links() -> None:
    check_due_links(at=timezone.now())


@shared_task(name="integrations.sweep_mail")
def sweep_mail() -> None:
    _while_work(lambda: send_queued_mail(at=timezone.now()) > 0)


@shared_task(name="integrations.sweep_sms")
def sweep_sms() -> None:
    _while_work(lambda: tell_cancelled(at=timezone.now()) > 0)
    _while_work(lambda: send_queued_sms(at=timezone.now()) > 0)


@shared_task(name="integrations.sweep_reminders")
def sweep_reminders() -> None:
    _while_work(lambda: plan_reminders(at=timezone.now()) > 0)
    _while_work(lambda: queue_due_reminders(at=timezone.now()) > 0)


@shared_task(name="integrations.purge_reminders")
def purge_reminders() -> None:
    purge_old_reminders(at=timezone.now())


@shared_task(name="integrations.sweep_lookups")
def sweep_lookups() -> None:
    _while_work(run_due_lookups)


@shared_task(name="integrations.pull_bookings")
def pull_bookings() -> None:
    """Each looks whether it is due: a restarted scheduler begins its count anew."""
    pull_changed_if_due()
    pull_window_if_due()


@shared_task(name="integrations.check_subscription")
def check_subscription() -> None:
    check(at=timezone.now())


@shared_task(name="integrations.complete_past_visits")
def complete_past_visits() -> None:
    complete(at=timezone.now())


@shared_task(name="integrations.expire_prescriptions")
def expire_old_prescriptions() -> None:
    _while_work(lambda: expire_prescriptions(at=timezone.now()) > 0)


@shared_task(name="integrations.seal_access_events")
def seal_access_events() -> None:
    _while_work(lambda: seal(at=timezone.now()) is not None)


@shared_task(name="integrations.purge_sign_in_traces")
def purge_sign_in_traces() -> None:
    purge_traces(at=timezone.now())


@shared_task(name="integrations.sweep_staff_imports")
def sweep_staff_imports() -> None:
    _while_work(lambda: run_next_staff_import(at=timezone.now(), told=tell_progress))


@shared_task(name="integrations.purge_staff_imports")
def purge_old_staff_imports() -> None:
    purge_staff_imports(at=timezone.now())


@shared_task(name="integrations.carry_out_erasures")
def carry_out_erasures() -> None:
    _while_work(lambda: run_erasure_step(at=timezone.now()))


@shared_task(name="integrations.apply_retention")
def apply_retention() -> None:
    """Each hour, what is left by the next: most hours there is nothing."""
    retain(at=timezone.now(), seconds=SHARE_SECONDS)
