#!/usr/bin/env node
// The `sparrow` command for a Node of any age: it goes on with the Node 24 that the repository installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '../src/main.ts');
// What Node makes of our sources is kept beside the installed packages, where nobody else may write: most of a short
// command's time is that. Where it cannot be written the command is only slower.
const compiled = process.env.NODE_COMPILE_CACHE ?? join(here, '../../../node_modules/.cache/sparrow/compiled');
if (Number(process.versions.node.split('.')[0]) >= 24) {
  modules.enableCompileCache(compiled);
  // For the compilers that it starts.
  process.env.NODE_COMPILE_CACHE = compiled;
  await import(main);
} else {
  const node = join(here, '../../../node_modules/node/bin/node');
  if (!existsSync(node)) {
    const { LC_ALL, LC_MESSAGES, LANG } = process.env;
    const isChinese = /^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '');
    process.stderr.write(
      isChinese
        ? `\n  NODE_TOO_OLD：Sparrow 需要 Node 24，当前为 ${process.versions.node}\n` +
            `  原因：${node} 不存在\n  解决办法：在 Sparrow 的目录中执行 \`npm ci\`\n\n`
        : `\n  NODE_TOO_OLD: Sparrow needs Node 24 and this is ${process.versions.node}\n` +
            `  Cause: its own Node is missing at ${node}\n  Fix: run \`npm ci\` in the folder of Sparrow\n\n`,
    );
    process.exit(1);
  }
  // Signals of the terminal reach both processes; this one only waits.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
