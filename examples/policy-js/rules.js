// The rules: who may do what. Plain JavaScript, so that `node --test` needs no WebAssembly.
//
// The same question must have the same answer, and nothing here may wait or look at a clock:
// the time is part of the question.

const EVERYTHING = "everything";
const OWN_CLUB = "own club";
const OWN_SESSION = "own session";

const SESSION = [
  "session.view",
  "session.close",
  "recording.start",
  "recording.stop",
  "recording.view",
  "preview.view",
];
const FILES = ["file.list", "file.download", "file.delete"];
const HOST = ["plugin.view", "plugin.manage", "camera.discover", "camera.probe", "terrain.edit"];

const all = (actions, grant) => actions.map((action) => [action, grant]);

// What is not in the table is denied. Maps and not objects: `constructor` is no role.
const TABLE = new Map([
  [
    "SUPER_ADMIN",
    new Map(all(["session.create", "system.cleanup", ...SESSION, ...FILES, ...HOST], EVERYTHING)),
  ],
  [
    "COACH",
    new Map(all(["session.create", ...SESSION, "file.list", "file.download"], OWN_CLUB)),
  ],
  ["PLAYER", new Map([["session.create", OWN_CLUB], ...all(SESSION, OWN_SESSION)])],
]);

const DEFAULT_PLAYER_MINUTES = 90;

const deny = (code, reason) => ({ allow: false, code, reason, obligations: [] });

/** Answers one question under these settings. */
export function decide(settings, request) {
  const { principal, action, resource } = request;
  const row = TABLE.get(principal.role);
  if (row === undefined) return deny("unknown_role", "this role is not known");
  const grant = row.get(action);
  if (grant === undefined) return deny("role_not_allowed", "this role may not do that");
  // Nothing belongs to the club or the user that has no name.
  const inOwnClub = Boolean(principal.club) && principal.club === resource.club;
  if (grant !== EVERYTHING && !inOwnClub) {
    return deny("not_your_club", "this belongs to another club");
  }
  const own = Boolean(resource.owner) && resource.owner === principal.id;
  if (grant === OWN_SESSION && !own) {
    return deny("not_your_session", "this session is another user's");
  }
  const limited = principal.role === "PLAYER" && action === "recording.start";
  const limit = { name: "max-duration-minutes", value: String(settings.playerMinutes) };
  return { allow: true, code: "allowed", reason: "", obligations: limited ? [limit] : [] };
}

/** Reads the settings: what they say, and everything that is wrong with them. */
export function read({ format, text }) {
  const settings = { playerMinutes: DEFAULT_PLAYER_MINUTES };
  const refuse = (...wrong) => ({ settings, wrong });
  if (format !== "json") return refuse("this policy takes no settings_file; use [policy] settings");
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return refuse(`the settings are not JSON: ${error.message}`);
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    return refuse("the settings have to be a table of keys");
  }
  const wrong = Object.keys(given)
    .filter((key) => key !== "player_minutes")
    .map((key) => `unknown key ${JSON.stringify(key.slice(0, 40))}: there is \`player_minutes\``);
  const minutes = given.player_minutes ?? DEFAULT_PLAYER_MINUTES;
  if (typeof minutes !== "number" || !(minutes > 0 && minutes <= 1_000_000)) {
    wrong.push("`player_minutes` has to be a number of minutes over 0");
    return refuse(...wrong);
  }
  return { settings: { playerMinutes: minutes }, wrong };
}
