// Playwright's Firefox is patched; this lets it drive anyone's, which it can but for one command, which
// Firefox 153 does not know yet: it emulates the reader's colours with each tab that it opens.
const { stringify } = JSON;
const isUnknown = (command) => command?.method === "emulation.setMediaFeaturesOverride";
JSON.stringify = (value, ...rest) =>
  stringify(isUnknown(value) ? { ...value, method: "session.status", params: {} } : value, ...rest);
