"""A practice Google Workspace: directory, Gmail's settings, licences, transfers and devices.

It does what documents name: a suspended user's sign-out, backup codes and Gmail are refused, lists
that are empty come without their key, searches offer too much, transfers take their time and may
be asked for twice, dynamic groups keep their members.
"""

from starlette.applications import Starlette

from adapters.practice.google.services import Services


class PracticeWorkspace(Services):
    def routes(self) -> Starlette:
        return Starlette(routes=[*self.directory(), *self.services()])
