"""The component: translates between WIT's types and the rules."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import Decision, Description, Finding, Obligation

import policy

# Settings are read once an instance; before that, everything is denied.
rules = None


class Policy(exports.Policy):
    def describe(self):
        return Description(title="Roles of a club, in Python", version="0.1.0")

    def validate_settings(self, settings):
        _, wrong = policy.read(settings.format, settings.text)
        return [Finding(message=message, line=None, column=None) for message in wrong]

    def configure(self, settings):
        global rules
        rules, wrong = policy.read(settings.format, settings.text)
        if wrong:
            rules = None
            raise Err("; ".join(wrong))

    def decide(self, request):
        if rules is None:
            return Decision(
                allow=False,
                code="not_configured",
                reason="the policy has no settings yet",
                obligations=[],
            )
        answer = rules.decide(
            role=request.principal.role,
            action=request.action,
            user=request.principal.id,
            club=request.principal.club,
            of_club=request.resource.club,
            owner=request.resource.owner,
        )
        return Decision(
            allow=answer.allow,
            code=answer.code,
            reason=answer.reason,
            obligations=[Obligation(name, value) for name, value in answer.obligations],
        )
