import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DevEvent } from '@sparrow/protocol';
import { createDevServer, type DevServer, type DevServerOptions, type SimulatorDeps } from '../src/index.ts';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
export const SDK = join(REPOSITORY, 'packages/sdk/src/server/index.ts');

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sparrow-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a project: file name → content (objects as JSON). */
export function writeProject(dir: string, files: Record<string, string | object>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}

/** The chat room of examples/, copied so that its state is the test's own. */
export function copyChatRoom(dir: string): string {
  const source = join(REPOSITORY, 'examples/chat-room');
  cpSync(source, dir, { recursive: true, filter: (path) => !/node_modules|\.sparrow/.test(path.slice(source.length)) });
  // Outside the repository the link to the sdk would lead nowhere.
  writeProject(dir, {
    'package.json': {
      name: 'chat-room',
      type: 'module',
      dependencies: { '@sparrow/sdk': `file:${REPOSITORY}packages/sdk` },
    },
  });
  return dir;
}

export const BACKEND = {
  'project.config.json': { projectname: 'demo', qcloudRoot: 'server', appid: 'wx0123456789abcdef' },
};

/** A small backend: JSON of what it was asked, and what the test adds. */
export function backendSource(routes = ''): string {
  return `
    import http from 'node:http';
    http.createServer(async (req, res) => {
      const chunks = [];
      for await (const chunk of req) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      ${routes}
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ url: req.url, method: req.method, headers: req.headers, body: body.toString() }));
    }).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));
  `;
}

export interface RunningDev extends DevServer {
  deps: SimulatorDeps;
  seen: DevEvent[];
  /** Resolves when an event fits, also one that came before. */
  until(fits: (event: DevEvent) => boolean): Promise<DevEvent>;
}

/** A dev server on a free port, with what the simulator would get. */
export async function startDev(dir: string, options: Partial<DevServerOptions> = {}): Promise<RunningDev> {
  let deps: SimulatorDeps | undefined;
  const seen: DevEvent[] = [];
  const waiting = new Set<() => void>();
  const dev = await createDevServer({
    dir,
    port: 0,
    async registerSimulator(app, given) {
      deps = given;
      given.events.subscribe((event) => {
        seen.push(event);
        for (const wake of waiting) wake();
      });
      return (await options.registerSimulator?.(app, given)) ?? { close: async () => {} };
    },
    ...withoutSimulator(options),
  });
  if (!deps) throw new Error('the simulator was not registered');
  return Object.assign(dev, {
    deps,
    seen,
    async until(fits: (event: DevEvent) => boolean): Promise<DevEvent> {
      for (;;) {
        const event = seen.find(fits);
        if (event) return event;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  });
}

function withoutSimulator({ registerSimulator: _, ...rest }: Partial<DevServerOptions>): Partial<DevServerOptions> {
  return rest;
}

/** What a phone sends to log in. */
export async function loginHeaders(dev: RunningDev, user: string): Promise<Record<string, string>> {
  const code = await dev.deps.users.issueCode(user);
  const info = await dev.deps.users.userInfo(user, { withCredentials: true, lang: 'zh_CN' });
  return { 'X-WX-Code': code, 'X-WX-Encrypted-Data': info.encryptedData, 'X-WX-IV': info.iv };
}

/** What the tests look at in JSON answers. */
export interface Answer {
  url: string;
  code: number;
  error: { code: string; message: string };
  data: Record<string, never>;
  lines: unknown[];
}

/** The JSON body of an answer. */
export async function json<T = Answer>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T;
}
