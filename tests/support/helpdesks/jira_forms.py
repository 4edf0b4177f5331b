"""The forms of a played Jira, after the documents that `bot/tickets/jira_priority.py` names.

A field that is not on a form fails the whole request, and so does a priority that is none of theirs.
"""

from collections.abc import Mapping
from typing import Any

# As a site lists them: the most pressing first. One is what a new issue gets.
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
USUAL = "3"


class JiraForms:
    """What may be given to a new request, and what may be edited.

    Attributes:
        priorities: Those that are offered, by id.
        shown: The forms that have the field, "request" and "edit".
        barred: Those that are offered, and refused by a rule of theirs.
    """

    def __init__(self) -> None:
        self.priorities = dict(PRIORITIES)
        self.shown = frozenset({"request", "edit"})
        self.barred = frozenset[str]()

    def request(self) -> dict[str, Any]:
        """The fields of the request type."""
        schema = {"type": "string", "system": "summary"}
        fields: list[dict[str, Any]] = [
            {
                "fieldId": "summary",
                "name": "Summary",
                "required": True,
                "validValues": [],
                "jiraSchema": schema,
            }
        ]
        if "request" in self.shown:
            offered = [
                {"value": each, "label": name, "children": []} for each, name in self.priorities.items()
            ]
            schema = {"type": "priority", "system": "priority"}
            fields.append(
                {"fieldId": "priority", "name": "Priority", "required": False, "validValues": offered,
                 "jiraSchema": schema}
            )  # fmt: skip
        return {"requestTypeFields": fields, "canRaiseOnBehalfOf": True, "canAddRequestParticipants": True}

    def edit(self) -> dict[str, Any]:
        """The edit screen's fields."""
        values = [{"id": each, "name": name} for each, name in self.priorities.items()]
        usual = [each for each in values if each["id"] == USUAL]
        default = {"hasDefaultValue": True, "defaultValue": usual[0]} if usual else {"hasDefaultValue": False}
        priority = {"required": False, "allowedValues": values, "operations": ["set"], **default}
        fields = {"summary": {"required": True, "hasDefaultValue": False}}
        return {"fields": {**fields, **({"priority": priority} if "edit" in self.shown else {})}}

    def wrong(self, fields: Mapping[str, Any], form: str) -> dict[str, str]:
        """What is wrong with fields that were given, by field."""
        wrong = {}
        for name, value in fields.items():
            if name != "priority" or form not in self.shown:
                wrong[name] = (
                    f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
                )
            elif value.keys() != {"id"} or value["id"] not in self.priorities or value["id"] in self.barred:
                wrong[name] = "The priority selected is invalid."
        return wrong
