// Runs in a backend's own process before its code (NODE_OPTIONS=--require): notes every file of code that is loaded, with its
// time of change, in the file that SPARROW_LOADS names. It must work in any version of Node and never be in the way.
const { appendFileSync, statSync } = require('node:fs');
const { fileURLToPath } = require('node:url');
const module_ = require('node:module');

const target = process.env.SPARROW_LOADS;
const seen = new Set();
function note(path) {
  if (seen.has(path) || path.includes('node_modules')) return;
  seen.add(path);
  try {
    appendFileSync(target, `${JSON.stringify([path, statSync(path).mtimeMs])}\n`);
  } catch {
    // Gone already, or the supervisor is.
  }
}
if (target && typeof module_.registerHooks === 'function') {
  module_.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (typeof found?.url === 'string' && found.url.startsWith('file:')) note(fileURLToPath(found.url));
      return found;
    },
  });
  if (process.argv[1]) {
    try {
      note(require.resolve(process.argv[1]));
    } catch {
      // Started with -e, or by a name that only its own loader knows.
    }
  }
}
