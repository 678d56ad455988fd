"""The rules, natively: `python3 -m unittest`."""

import unittest

import policy

ACTIONS = (
    "session.create",
    "system.cleanup",
    *policy.SESSION,
    *policy.FILES,
    *policy.HOST,
    "session.fly",
    "",
)


def ask(role, action, *, club="7", of_club="7", owner="17", rules=policy.Rules()):
    return rules.decide(
        role=role, action=action, user="17", club=club, of_club=of_club, owner=owner
    )


class Table(unittest.TestCase):
    def test_nobody_but_those_of_the_table(self):
        for role in ("", "player", "REFEREE", "SUPER_ADMIN "):
            for action in ACTIONS:
                self.assertEqual(ask(role, action).code, "unknown_role")

    def test_a_player_has_their_own_sessions_in_their_own_club(self):
        for action in policy.SESSION:
            self.assertTrue(ask("PLAYER", action).allow, action)
            for owner in ("18", None, ""):
                answer = ask("PLAYER", action, owner=owner)
                self.assertEqual(answer.code, "not_your_session")
            for of_club in ("8", None, ""):
                answer = ask("PLAYER", action, of_club=of_club)
                self.assertEqual(answer.code, "not_your_club")
        for action in (*policy.FILES, *policy.HOST, "system.cleanup", "session.fly"):
            self.assertEqual(ask("PLAYER", action).code, "role_not_allowed")

    def test_nothing_belongs_to_a_club_without_a_name(self):
        for nobody in (None, ""):
            answer = ask("COACH", "session.view", club=nobody, of_club=nobody)
            self.assertEqual(answer.code, "not_your_club")

    def test_a_coach_has_their_club_and_an_admin_everything_known(self):
        self.assertTrue(ask("COACH", "session.close", owner="18").allow)
        self.assertFalse(ask("COACH", "file.delete").allow)
        for action in ACTIONS:
            known = action not in ("session.fly", "")
            answer = ask("SUPER_ADMIN", action, of_club="8", owner=None)
            self.assertEqual(answer.allow, known, action)

    def test_the_longest_recording(self):
        rules, wrong = policy.read("json", '{"player_minutes": 45.5}')
        self.assertEqual(wrong, [])
        answer = ask("PLAYER", "recording.start", rules=rules)
        self.assertEqual(answer.obligations, [("max-duration-minutes", "45.5")])
        self.assertEqual(ask("PLAYER", "recording.stop", rules=rules).obligations, [])
        self.assertEqual(ask("COACH", "recording.start", rules=rules).obligations, [])


class Settings(unittest.TestCase):
    def test_mistakes_are_told(self):
        for text in (
            "[]",
            "oh",
            '{"player_minuts": 1}',
            *('{"player_minutes": %s}' % v for v in ("0", "-1", "true", '"9"', "null")),
            '{"player_minutes": NaN}',
        ):
            self.assertEqual(len(policy.read("json", text)[1]), 1, text)
        self.assertIn("settings_file", policy.read("text", "")[1][0])
        self.assertEqual(policy.read("json", "{}")[1], [])


if __name__ == "__main__":
    unittest.main()
