// What the scripts share. They run on Node 24 from devDependencies, which `npm run` puts on the PATH.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chineseOf } from './errors.zh.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends with a message when this is not the Node the project installed. */
export function requireNode24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  process.stderr.write(
    `NODE_TOO_OLD: this script needs Node 24 and runs on ${process.versions.node}\n  Fix: start it with npm (npm start, npm test, npm run …)\n`,
  );
  process.exit(1);
}

/** Ends with code, cause and fix, the shape of every error of Sparrow. */
export function fail(code, cause, fix) {
  const chinese = chineseOf(code);
  process.stderr.write(
    chinese
      ? `\n  ${code}：${chinese.meaning}\n    ${cause}\n  解决办法：${chinese.fix}\n    ${fix}\n\n`
      : `\n  ${code}: ${cause}\n  Fix: ${fix}\n\n`,
  );
  process.exit(1);
}

/** Runs a JavaScript tool with this very Node; resolves with its exit code and what it printed. */
export function run(args, { quiet = false, env = {}, timeoutMs = 40 * 60_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
        if (!quiet) process.stderr.write(chunk);
      });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}
