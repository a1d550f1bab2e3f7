/**
 * What a project's programs need of the environment that Sparrow was started in: where programs and temporary files are, the
 * language, and how to reach the network. Everything else (keys of clouds, tokens of registries, settings of other programs)
 * stays here.
 */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/;

/** Settings of npm itself, for its own runs. */
const NPM_PASSED = /^(npm_config_\w+|NPM_CONFIG_\w+|NPM_TOKEN|NODE_AUTH_TOKEN)$/;

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of an environment that a backend gets. */
export function backendEnvironment(given: Environment): Record<string, string> {
  return pick(given, (name) => PASSED.test(name));
}

/** The part of an environment that npm gets when it installs a project's packages. */
export function npmEnvironment(given: Environment): Record<string, string> {
  return pick(given, (name) => PASSED.test(name) || NPM_PASSED.test(name));
}

function pick(given: Environment, wanted: (name: string) => boolean): Record<string, string> {
  const pairs = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(pairs.filter(([name]) => wanted(name)));
}
