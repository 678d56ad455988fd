// The component: what the world `access-policy` exports.

import { decide, read } from "./rules.js";

// Settings are read once an instance; before that, everything is denied.
let settings;

export const policy = {
  describe() {
    return { title: "Roles of a club, in JavaScript", version: "0.1.0" };
  },

  validateSettings(given) {
    return read(given).wrong.map((message) => ({ message }));
  },

  configure(given) {
    settings = undefined;
    const { settings: good, wrong } = read(given);
    if (wrong.length > 0) throw wrong.join("; ");
    settings = good;
  },

  decide(request) {
    if (settings === undefined) {
      const reason = "the policy has no settings yet";
      return { allow: false, code: "not_configured", reason, obligations: [] };
    }
    return decide(settings, request);
  },
};
