import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const BIN = join(REPOSITORY, 'packages/cli/bin/sparrow.mjs');

export interface Run {
  child: ChildProcess;
  stdout: string;
  stderr: string;
  /** Resolves when the output holds the text. */
  until(text: string): Promise<void>;
  ended: Promise<number>;
}

/** Starts the command as a person does. */
export function start(
  args: string[],
  options: { cwd?: string; node?: string; env?: Record<string, string> } = {},
): Run {
  const child = spawn(options.node ?? process.execPath, [BIN, ...args], {
    cwd: options.cwd ?? REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    // What is told must not depend on the language of who runs the tests.
    env: { ...process.env, NO_COLOR: '1', LC_ALL: 'C.UTF-8', ...options.env },
  });
  let wake = (): void => {};
  const run: Run = {
    child,
    stdout: '',
    stderr: '',
    async until(text) {
      while (!run.stdout.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without "${text}"\n${run.stdout}\n${run.stderr}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    ended: once(child, 'close').then(([code]) => {
      wake();
      return code as number;
    }),
  };
  child.stdout?.on('data', (chunk) => {
    run.stdout += chunk;
    wake();
  });
  child.stderr?.on('data', (chunk) => {
    run.stderr += chunk;
  });
  return run;
}

/** Runs the command to its end. */
export async function run(
  args: string[],
  options: Parameters<typeof start>[1] = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const running = start(args, options);
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sparrow-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function write(dir: string, files: Record<string, string | object>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}

/** The least mini program, with a backend. */
export const PROJECT = {
  'project.config.json': { projectname: 'tiny', miniprogramRoot: 'client/', qcloudRoot: 'server/' },
  'client/app.json': { pages: ['index'] },
  'client/app.js': 'App({})',
  'client/index.js': 'Page({ data: { word: "hi" } })',
  'client/index.wxml': '<view>{{word}}</view>',
  'server/index.mjs': `
    import http from 'node:http';
    http.createServer((req, res) => res.end('tiny backend')).listen(process.env.PORT, '127.0.0.1', () => console.log('up'));`,
};
