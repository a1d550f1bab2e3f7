import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { BackendStatus } from '@sparrow/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Backend, type BackendOptions, createBackend } from '../src/backend/backend.ts';
import { backendCommand } from '../src/backend/backend-command.ts';
import { backendSource, temporaryFolder, writeProject } from './harness.ts';

describe('the supervisor of a backend', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let backend: Backend | undefined;
  let lines: string[];
  let pids: (number | undefined)[];
  let statuses: BackendStatus[];
  let gone: number;
  let wake = (): void => {};
  beforeEach(() => {
    folder = temporaryFolder();
    lines = [];
    pids = [];
    statuses = [];
    gone = 0;
  });
  afterEach(async () => {
    await backend?.close();
    backend = undefined;
    folder.remove();
  });

  async function start(files: Record<string, string>, options: Partial<BackendOptions> = {}): Promise<Backend> {
    writeProject(folder.path, files);
    backend = await createBackend({
      dir: folder.path,
      env: { SPARROW_APP: 'demo' },
      onLine: (_level, text) => lines.push(String(text)),
      onStatus(status) {
        statuses.push(status);
        wake();
      },
      onGone: () => gone++,
      onProcess: (pid) => pids.push(pid),
      retry: { baseMs: 10, maxMs: 50 },
      stopGraceMs: 300,
      ...options,
    });
    return backend;
  }

  async function until(fits: (status: BackendStatus) => boolean, from = 0): Promise<BackendStatus> {
    for (;;) {
      const status = statuses.slice(from).find(fits);
      if (status) return status;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  it('starts it with its environment and says when it listens', async () => {
    const { whenReady } = await start({
      'index.mjs': backendSource('res.setHeader("x-app", process.env.SPARROW_APP);'),
    });
    const origin = await whenReady(20_000);
    const response = await fetch(origin);
    expect(response.headers.get('x-app')).toBe('demo');
    expect(statuses.map(({ state }) => state)).toEqual(['starting', 'running']);
    expect(lines).toContain('listening');
  });

  /** The number of processes after a while in which nothing happens any more. */
  async function processes(quietMs = 1500): Promise<number> {
    for (let before = -1; ; ) {
      const now = pids.filter((pid) => pid !== undefined).length;
      if (now === before) return now;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
    }
  }
  const server = (before: string, each = ''): string =>
    `${before}; require('http').createServer((q, r) => { ${each}; r.end(String(process.pid)); }).listen(process.env.PORT);`;

  it.each([
    [
      'data that it keeps as JSON',
      server("const fs = require('fs')", "fs.writeFileSync('data.json', JSON.stringify({ at: Date.now() }))"),
    ],
    ['JSON that it writes when it starts', server("require('fs').writeFileSync('started.json', String(Date.now()))")],
    [
      'a compiled cache',
      server(
        "const fs = require('fs'); fs.mkdirSync('cache', { recursive: true }); fs.writeFileSync('cache/tpl.js', '//' + Date.now())",
      ),
    ],
    [
      'a cache that it compiles and then loads',
      server(
        "const fs = require('fs'); fs.mkdirSync('gen', { recursive: true }); fs.writeFileSync('gen/a.js', 'module.exports=' + Date.now()); require('./gen/a.js')",
      ),
    ],
    [
      'templates that it compiles for each request',
      server(
        "const fs = require('fs'); fs.mkdirSync('views/c', { recursive: true })",
        "fs.writeFileSync('views/c/' + Date.now() + '.js', '1')",
      ),
    ],
    ['a log', server("const fs = require('fs')", "fs.appendFileSync('app.log', 'x')")],
  ])('is not restarted by %s', async (_what, source) => {
    const { whenReady } = await start({ 'index.js': source });
    const pid = await (await fetch(await whenReady(20_000))).text();
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await (await fetch(await whenReady(20_000))).text()).toBe(pid);
    }
    expect(await processes()).toBe(1);
  });

  it('stops restarting for code beside its own that it writes with every start, and says so', async () => {
    await start({ 'index.js': server("require('fs').writeFileSync('built.js', '//' + Date.now())") });
    await until(({ state, restarts }) => state === 'running' && restarts >= 5);
    expect(await processes()).toBeLessThan(9);
    expect(lines.join('\n')).toMatch(/built\.js changes with every start.*backend\.ignore/);
  });

  it('restarts for the files that it loaded, and for code beside them', async () => {
    const { whenReady } = await start({
      'index.mjs': `import { createServer } from 'node:http'; import { createRequire } from 'node:module'; import { text } from './lib/text.ts';
        const { word } = createRequire(import.meta.url)('./config.json');
        createServer((q, r) => r.end(text + word)).listen(process.env.PORT);`,
      'lib/text.ts': "export const text: string = 'one ';",
      'config.json': '{"word":"a"}',
      'notes.json': '{}',
    });
    const body = async (): Promise<string> => (await fetch(await whenReady(20_000))).text();
    expect(await body()).toBe('one a');
    const changes: [string, string, string][] = [
      ['lib/text.ts', "export const text: string = 'two ';", 'two a'],
      ['config.json', '{"word":"b"}', 'two b'],
      ['lib/more.ts', 'export {};', 'two b'],
    ];
    for (const [file, content, expected] of changes) {
      const before = statuses.length;
      writeFileSync(join(folder.path, file), content);
      await until(({ state }) => state === 'running', before);
      expect(await body()).toBe(expected);
    }
    const count = await processes();
    writeFileSync(join(folder.path, 'notes.json'), '{"a":1}');
    expect(await processes()).toBe(count);
  });

  it('does not restart for what sparrow.json excludes', async () => {
    const { whenReady } = await start(
      { 'index.js': server(''), 'gen/x.js': '1', 'other.js': '1', 'keep.gen.js': '1' },
      { ignore: ['./gen/', 'other.js', '*.gen.js'] },
    );
    await whenReady(20_000);
    for (const file of ['gen/x.js', 'gen/y.js', 'other.js', 'keep.gen.js']) writeFileSync(join(folder.path, file), '2');
    expect(await processes()).toBe(1);
    writeFileSync(join(folder.path, 'new.js'), '2');
    await until(({ state, restarts }) => state === 'running' && restarts === 1);
  });

  it('waits for the health path', async () => {
    const { whenReady } = await start(
      {
        'index.mjs': backendSource(`
          globalThis.asked = (globalThis.asked ?? 0) + 1;
          if (req.url === '/health' && globalThis.asked < 3) res.statusCode = 503;
          if (req.url === '/asked') { res.end(String(globalThis.asked)); return; }`),
      },
      { health: '/health' },
    );
    const origin = await whenReady(20_000);
    expect(Number(await (await fetch(`${origin}/asked`)).text())).toBe(4);
  });

  it('says of one that never listens what it waited for', async () => {
    const { whenReady } = await start(
      { 'index.js': 'console.log("I am busy"); setInterval(() => {}, 1000);' },
      // Long enough that Node has started and printed its line, on a busy machine too.
      { readyMs: 4_000 },
    );
    await expect(whenReady(20_000)).rejects.toMatchObject({
      code: 'BACKEND_DOWN',
      message: expect.stringMatching(/BACKEND_NOT_LISTENING: nothing listens on port \d+ after 4 s.*PORT\nI am busy/s),
    });
  });

  it('shows why it crashed: exit code and last lines', async () => {
    const { whenReady } = await start({ 'index.js': 'console.log("before"); require("./missing-file");' });
    await expect(whenReady(20_000)).rejects.toMatchObject({
      code: 'BACKEND_DOWN',
      message: expect.stringMatching(
        /^BACKEND_CRASHED: it ended with exit code 1 .*Cannot find module '\.\/missing-file'/s,
      ),
    });
  });

  it('starts one that was killed anew', async () => {
    const { whenReady } = await start({ 'index.mjs': backendSource() });
    await whenReady(20_000);
    process.kill(pids[0] as number, 'SIGKILL');
    const crashed = await until(({ state }) => state === 'crashed');
    expect(crashed.reason).toContain('signal SIGKILL');
    await until(({ state, restarts }) => state === 'running' && restarts === 1);
    expect(gone).toBe(1);
  });

  it('stops trying after five crashes and goes on when a file changes', async () => {
    await start({ 'index.mjs': 'process.exit(3);' });
    while (!lines.some((line) => line.includes('5 times in a row')))
      await until(({ state }) => state === 'crashed', statuses.length);
    expect(statuses.filter(({ state }) => state === 'crashed')).toHaveLength(5);
    writeFileSync(join(folder.path, 'index.mjs'), backendSource());
    await until(({ state }) => state === 'running');
  });

  it('restarts when a source changes and not when data or packages do', async () => {
    const { whenReady } = await start({
      'index.mjs': backendSource('res.setHeader("x-version", "1");'),
      'node_modules/x/index.js': '',
    });
    await whenReady(20_000);
    writeProject(folder.path, { 'node_modules/x/index.js': 'changed', 'upload.png': 'x', 'data.db': 'x' });
    writeFileSync(join(folder.path, 'index.mjs'), backendSource('res.setHeader("x-version", "2");'));
    await until(({ state, restarts }) => state === 'running' && restarts === 1);
    expect((await fetch(await whenReady(20_000))).headers.get('x-version')).toBe('2');
    expect(lines.filter((line) => line.includes('restarting')).join()).toContain('index.mjs');
  });

  it('stops the whole process group and frees the port', async () => {
    const { whenReady, close } = await start({
      'index.mjs': `
        import { spawn } from 'node:child_process';
        import { writeFileSync } from 'node:fs';
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
        writeFileSync('child.pid', String(child.pid));
        process.on('SIGTERM', () => {});
        ${backendSource()}`,
    });
    const port = Number(new URL(await whenReady(20_000)).port);
    const grandchild = Number(readFileSync(join(folder.path, 'child.pid'), 'utf8'));
    await close();
    backend = undefined;
    expect(() => process.kill(pids[0] as number, 0)).toThrow('ESRCH');
    await expect.poll(() => isRunning(grandchild)).toBe(false);
    const socket = net.connect(port, '127.0.0.1');
    await expect(new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject))).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  it('says that a program cannot be started', async () => {
    const { whenReady } = await start({ 'index.js': '' }, { command: ['no-such-program-here'] });
    await expect(whenReady(20_000)).rejects.toMatchObject({ message: expect.stringContaining('BACKEND_NOT_STARTED') });
  });
});

/** False for a zombie too: it runs no more, only its parent has not asked. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

describe('the command of a backend', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());
  const node = process.execPath;

  it.each<[string, Record<string, string | object>, string[] | undefined, string[]]>([
    ['its own command', { 'index.js': '' }, ['node', '--trace-warnings', 'a.js'], [node, '--trace-warnings', 'a.js']],
    [
      'the start script',
      { 'package.json': { scripts: { start: 'node app.js' } }, 'index.js': '' },
      undefined,
      [node, 'app.js'],
    ],
    ['main', { 'package.json': { main: 'lib/x.js' }, 'lib/x.js': '' }, undefined, [node, 'lib/x.js']],
    ['main without an ending', { 'package.json': { main: './app' }, 'app.js': '' }, undefined, [node, './app.js']],
    [
      'app.js when start is pm2',
      { 'package.json': { scripts: { start: 'pm2 start x.json' } }, 'app.js': '' },
      undefined,
      [node, 'app.js'],
    ],
    ['index.ts', { 'index.ts': '' }, undefined, [node, 'index.ts']],
  ])('is %s', (_name, files, command, expected) => {
    writeProject(folder.path, files);
    const { file, args } = backendCommand(folder.path, command);
    expect([file, ...args]).toEqual(expected);
  });

  it('is asked for when nothing says it', () => {
    expect(() => backendCommand(folder.path, undefined)).toThrow(
      expect.objectContaining({ code: 'BACKEND_NO_COMMAND' }),
    );
  });
});
