"""What the extract of the vendor's description leaves out: a team's members, and changing a team's event type.

In the extract's own form, from the vendor's reference pages "Orgs / Teams / Memberships" and
"Update a team event type".
"""

from __future__ import annotations

from typing import Any

NUMBER, TEXT, FLAG = {"type": "number"}, {"type": "string"}, {"type": "boolean"}
TEAM = "/v2/organizations/{orgId}/teams/{teamId}"
KEY = {"name": "Authorization", "in": "header", "required": False, "schema": TEXT}
PAGE = [{"name": name, "in": "query", "required": False, "schema": NUMBER} for name in ("take", "skip")]
MEMBERSHIP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": NUMBER,
        "userId": NUMBER,
        "teamId": NUMBER,
        "accepted": FLAG,
        "role": {"type": "string", "enum": ["MEMBER", "OWNER", "ADMIN"]},
        "disableImpersonation": FLAG,
    },
    "required": ["id", "userId", "teamId", "accepted", "role"],
}


def _answer(status: str, data: Any) -> dict[str, Any]:
    word = {"type": "string", "enum": ["success", "error"]}
    return {status: {"type": "object", "properties": {"status": word, "data": data}, "required": ["status", "data"]}}


TEAM_OPERATIONS: list[dict[str, Any]] = [
    {
        "operationId": "OrganizationsTeamsMembershipsController_getAllOrgTeamMemberships",
        "method": "GET",
        "path": f"{TEAM}/memberships",
        "calApiVersion": None,
        "parameters": [KEY, *PAGE],
        "requestBody": None,
        "responses": _answer("200", {"type": "array", "items": MEMBERSHIP}),
    },
    {
        "operationId": "OrganizationsTeamsMembershipsController_createOrgTeamMembership",
        "method": "POST",
        "path": f"{TEAM}/memberships",
        "calApiVersion": None,
        "parameters": [KEY],
        "requestBody": {
            "type": "object",
            "properties": {
                "userId": NUMBER,
                "accepted": FLAG,
                "role": {"type": "string", "enum": ["MEMBER", "OWNER", "ADMIN"]},
                "disableImpersonation": FLAG,
            },
            "required": ["userId", "role"],
        },
        "responses": _answer("201", MEMBERSHIP),
    },
    {
        "operationId": "OrganizationsEventTypesController_updateTeamEventType",
        "method": "PATCH",
        "path": f"{TEAM}/event-types/{{eventTypeId}}",
        "calApiVersion": None,
        "parameters": [KEY],
        "requestBody": {
            "type": "object",
            "properties": {
                "lengthInMinutes": NUMBER,
                "afterEventBuffer": NUMBER,
                "minimumBookingNotice": NUMBER,
                "showOptimizedSlots": FLAG,
                "scheduleId": NUMBER,
                "hosts": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"userId": NUMBER}, "required": ["userId"]},
                },
            },
        },
        "responses": _answer("200", {"type": "object", "properties": {"id": NUMBER}, "required": ["id"]}),
    },
]
