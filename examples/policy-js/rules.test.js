// The rules, natively: `node --test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decide, read } from "./rules.js";

const SESSION = ["session.view", "session.close", "recording.start", "recording.stop"];
const settings = { playerMinutes: 90 };

function ask(role, action, { club = "7", ofClub = "7", owner = "17" } = {}) {
  const principal = { id: "17", role, club, claims: [] };
  const resource = { kind: "session", id: "", club: ofClub, owner };
  return decide(settings, { principal, action, resource, context: {} });
}

test("nobody but those of the table", () => {
  for (const role of ["", "player", "REFEREE", "constructor", "__proto__"]) {
    assert.equal(ask(role, "session.view").code, "unknown_role", role);
  }
  for (const action of ["", "session.fly", "constructor", "__proto__"]) {
    assert.equal(ask("SUPER_ADMIN", action).code, "role_not_allowed", action);
  }
});

test("a player has their own sessions in their own club", () => {
  for (const action of SESSION) {
    assert.equal(ask("PLAYER", action).allow, true, action);
    for (const owner of ["18", null, ""]) {
      assert.equal(ask("PLAYER", action, { owner }).code, "not_your_session");
    }
    for (const ofClub of ["8", null, ""]) {
      assert.equal(ask("PLAYER", action, { ofClub }).code, "not_your_club");
    }
  }
  assert.equal(ask("PLAYER", "file.list").allow, false);
});

test("nothing belongs to a club without a name", () => {
  for (const none of [null, ""]) {
    const answer = ask("COACH", "session.view", { club: none, ofClub: none });
    assert.equal(answer.code, "not_your_club");
  }
});

test("the longest recording", () => {
  const limits = (role, action) => ask(role, action).obligations.map((o) => `${o.name}=${o.value}`);
  assert.deepEqual(limits("PLAYER", "recording.start"), ["max-duration-minutes=90"]);
  assert.deepEqual(limits("PLAYER", "recording.stop"), []);
  assert.deepEqual(limits("COACH", "recording.start"), []);
});

test("mistakes in the settings are told", () => {
  const wrong = (text) => read({ format: "json", text }).wrong;
  for (const text of ["[]", "null", "oh", '{"player_minuts": 1}']) {
    assert.equal(wrong(text).length, 1, text);
  }
  for (const value of ["0", "-1", "true", '"9"', "[]"]) {
    assert.equal(wrong(`{"player_minutes": ${value}}`).length, 1, value);
  }
  assert.deepEqual(wrong("{}"), []);
  assert.match(read({ format: "text", text: "" }).wrong[0], /settings_file/);
});
