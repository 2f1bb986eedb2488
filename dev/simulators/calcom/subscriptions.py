"""Simulated operations on time off and on webhook subscriptions."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from dev.simulators.calcom import outputs
from dev.simulators.calcom.calls import Call, Reply, Route, page
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.inputs import OooBody, OooPatch, WebhookBody, WebhookPatch
from dev.simulators.calcom.records import OutOfOffice, Webhook


def list_time_off(call: Call) -> Reply:
    rows = list(call.world.time_off.values())
    if "user_id" in call.ids:
        user = call.world.user(call.number("user_id"))
        rows = [row for row in rows if row.user_id == user.id]
    if email := call.query.get("email", "").lower():
        rows = [row for row in rows if call.world.users[row.user_id].email.lower() == email]
    return page(call, [outputs.time_off(row) for row in rows])


def create_time_off(call: Call) -> Reply:
    world, user, body = call.world, call.world.user(call.number("user_id")), call.input(OooBody)
    number = world.store.next_id("ooo")
    entry = OutOfOffice(
        id=number,
        uuid=str(uuid.UUID(int=number)),
        user_id=user.id,
        start=_first_moment(body.start),
        end=_last_moment(body.end),
    )
    _check_time_off(call, entry, body)
    _apply_time_off(entry, body)
    world.time_off[number] = entry
    world.save(entry)
    return Reply(outputs.time_off(entry))


def update_time_off(call: Call) -> Reply:
    body, entry = call.input(OooPatch), _time_off(call)
    if (body.start is None) != (body.end is None):
        raise ApiError(400, "Both start and end are required to change the dates.")
    changed = entry.model_copy()
    if body.start is not None and body.end is not None:
        changed.start, changed.end = _first_moment(body.start), _last_moment(body.end)
    _check_time_off(call, changed, body)
    _apply_time_off(changed, body)
    call.world.time_off[entry.id] = changed
    call.world.save(changed)
    return Reply(outputs.time_off(changed))


def delete_time_off(call: Call) -> Reply:
    entry = _time_off(call)
    del call.world.time_off[entry.id]
    call.world.store.remove(OutOfOffice, [f"{entry.id:012d}"])
    return Reply(outputs.time_off(entry))


def _check_time_off(call: Call, entry: OutOfOffice, body: OooPatch) -> None:
    if entry.end < entry.start:
        raise ApiError(400, "The end of the out of office must not be before its start.")
    if body.to_user_id == entry.user_id:
        raise ApiError(400, "Cannot redirect to self.")
    others = [row for row in call.world.time_off.values() if row.user_id == entry.user_id and row.id != entry.id]
    if any(row.start == entry.start and row.end == entry.end for row in others):
        raise ApiError(409, "Ooo entry already exists.")


def _apply_time_off(entry: OutOfOffice, body: OooPatch) -> None:
    entry.notes = entry.notes if body.notes is None else body.notes
    entry.reason = body.reason or entry.reason
    entry.to_user_id = entry.to_user_id if body.to_user_id is None else body.to_user_id


def _time_off(call: Call) -> OutOfOffice:
    user, entry = call.world.user(call.number("user_id")), call.world.time_off.get(call.number("ooo_id"))
    if entry is None or entry.user_id != user.id:
        raise ApiError(404, "Ooo entry not found.")
    return entry


def _first_moment(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _last_moment(at: datetime) -> datetime:
    return _first_moment(at) + timedelta(days=1) - timedelta(milliseconds=1)


def list_webhooks(call: Call) -> Reply:
    rows = [hook for hook in call.world.webhooks.values() if hook.org_id == _scope(call)]
    return page(call, [outputs.webhook(call.world, hook) for hook in rows])


def create_webhook(call: Call) -> Reply:
    world, body = call.world, call.input(WebhookBody)
    _check_url(call, body.subscriber_url, None)
    hook = Webhook(
        id=str(uuid.uuid4()),
        org_id=_scope(call),
        url=body.subscriber_url,
        triggers=list(body.triggers),
        secret=body.secret,
        active=body.active,
        template=body.payload_template,
    )
    world.webhooks[hook.id] = hook
    world.save(hook)
    return Reply(outputs.webhook(world, hook))


def get_webhook(call: Call) -> Reply:
    return Reply(outputs.webhook(call.world, _webhook(call)))


def update_webhook(call: Call) -> Reply:
    body, hook = call.input(WebhookPatch), _webhook(call)
    if body.subscriber_url is not None:
        _check_url(call, body.subscriber_url, hook)
        hook.url = body.subscriber_url
    hook.triggers = list(body.triggers) if body.triggers is not None else hook.triggers
    hook.secret = body.secret if body.secret is not None else hook.secret
    hook.template = body.payload_template if body.payload_template is not None else hook.template
    hook.active = body.active if body.active is not None else hook.active
    call.world.save(hook)
    return Reply(outputs.webhook(call.world, hook))


def delete_webhook(call: Call) -> Reply:
    hook = _webhook(call)
    del call.world.webhooks[hook.id]
    call.world.store.remove(Webhook, [hook.id])
    return Reply(outputs.webhook(call.world, hook))


def _scope(call: Call) -> int | None:
    return call.world.org_id if "org_id" in call.ids else None


def _webhook(call: Call) -> Webhook:
    hook = call.world.webhooks.get(call.text("webhook_id"))
    if hook is None:
        raise ApiError(404, "Webhook not found")
    if hook.org_id != _scope(call):
        # A webhook of the organisation has no user, so the user's own route is never the right one.
        whose = f"user with id=({call.world.owner.id})" if _scope(call) is None else f"organization {hook.org_id}"
        raise ApiError(403, f"IsUserWebhookGuard - {whose} is not the owner of webhook with id=({hook.id})")
    return hook


def _check_url(call: Call, url: str, hook: Webhook | None) -> None:
    scope = hook.org_id if hook is not None else _scope(call)
    taken = [row for row in call.world.webhooks.values() if row.url == url and row.org_id == scope]
    if any(row is not hook for row in taken):
        raise ApiError(409, "Webhook with this subscriber url already exists for this user")


ORG = "/v2/organizations/<int:org_id>"
USER = f"{ORG}/users/<int:user_id>"

ROUTES = [
    Route("GET", f"{ORG}/ooo", list_time_off),
    Route("GET", f"{USER}/ooo", list_time_off),
    Route("POST", f"{USER}/ooo", create_time_off, 201),
    Route("PATCH", f"{USER}/ooo/<int:ooo_id>", update_time_off),
    Route("DELETE", f"{USER}/ooo/<int:ooo_id>", delete_time_off),
    Route("GET", "/v2/webhooks", list_webhooks),
    Route("POST", "/v2/webhooks", create_webhook, 201),
    Route("GET", "/v2/webhooks/<webhook_id>", get_webhook),
    Route("PATCH", "/v2/webhooks/<webhook_id>", update_webhook),
    Route("DELETE", "/v2/webhooks/<webhook_id>", delete_webhook),
    Route("GET", f"{ORG}/webhooks", list_webhooks),
    Route("POST", f"{ORG}/webhooks", create_webhook, 201),
    Route("GET", f"{ORG}/webhooks/<webhook_id>", get_webhook),
    Route("PATCH", f"{ORG}/webhooks/<webhook_id>", update_webhook),
    Route("DELETE", f"{ORG}/webhooks/<webhook_id>", delete_webhook),
]
