import { join, resolve } from 'node:path';
import type { DevServer } from '@sparrow/cloud';
import { Phrase } from '@sparrow/core';
import {
  type DevEvent,
  type Diagnostic,
  type LogLine,
  PROBLEM_HINTS,
  PROBLEMS_ZH,
  type ProgramProblem,
} from '@sparrow/protocol';
import { Command, InvalidArgumentError } from 'commander';
import { sinceCommand } from '../begun.ts';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { listenForKeys } from '../keys.ts';
import { panel } from '../panel.ts';
import { phrase } from '../phrase.ts';
import { REPOSITORY } from '../repository.ts';
import { shortPath } from '../text.ts';
import { showDiagnostic } from './build.ts';
import type { CommonOptions, SetExitCode } from './command.ts';
import { type InstallTimeout, installTimeoutMs, installTimeoutOption } from './install-timeout.ts';

interface DevOptions extends CommonOptions, InstallTimeout {
  port?: number;
  lan: boolean;
  watch: boolean;
  logs: boolean;
  env: Record<string, string>;
}

/** The panel waits so long for the backend; after that it says that it is still starting. */
const BACKEND_WAIT_MS = 25_000;
/** Stopping takes at most this long. */
const CLOSE_MS = 10_000;

export function devCommand(setExitCode: SetExitCode): Command {
  return new Command('dev')
    .description('run a mini program and its backend on this machine')
    .argument('[dir]', 'folder of the mini program', '.')
    .option('-p, --port <port>', 'port of the console (default: 7700 or the next free one)', parsePort)
    .option(
      '-e, --env <name[=value]>',
      'give the backend a variable, this shell’s when there is no value',
      collectEnv,
      {},
    )
    .option('--no-lan', 'do not open the phone view to the local network')
    .option('--no-watch', 'do not reload when files change')
    .option('--no-logs', 'do not print the log of the backend')
    .addOption(installTimeoutOption())
    .action(async (dir: string, options: DevOptions) => {
      const io = createIo(options.json, { dir: quote(dir) });
      const folder = resolve(io.cwd, dir);
      const stop = stopSignal();
      // Loaded here, so that the other commands start at once.
      const [{ createDevServer }, { createCompiler }, { createSimulator }] = await Promise.all([
        import('@sparrow/cloud'),
        import('@sparrow/compiler'),
        import('@sparrow/simulator/server'),
      ]);
      io.say(io.paint('dim', phrase`  compiling ${shortPath(io.cwd, folder)} …`));
      const compiler = createCompiler({ dir: folder });
      let diagnostics: readonly Diagnostic[] = [];
      const server = await createDevServer({
        dir: folder,
        ...(options.port === undefined ? {} : { port: options.port, strictPort: options.port !== 0 }),
        lan: options.lan,
        watch: options.watch,
        backendEnv: options.env,
        command: io.command,
        commandDir: quote(dir),
        consoleDir: join(REPOSITORY, 'apps/console/dist'),
        async registerSimulator(app, deps) {
          const first = await compiler.build();
          diagnostics = first.manifest.diagnostics;
          const register = createSimulator({
            compiler,
            first,
            watch: options.watch,
            onPackage: (_pkg, _change, news) => showDiagnostics(io, news),
            onProblem: (problem) => showProblem(io, problem),
          });
          return await register(app, deps);
        },
        installTimeoutMs: installTimeoutMs(options),
        onProgress: (text) => io.say(io.paint('dim', `  ${io.tell(text)}`)),
      });
      try {
        await Promise.race([server.whenBackendReady(BACKEND_WAIT_MS).catch(() => {}), stop.asked]);
        const readyMs = sinceCommand();
        showDiagnostics(io, diagnostics);
        for (const line of panel(io, server, { dir: shortPath(io.cwd, folder), readyMs })) io.say(line);
        if (options.logs) printLogs(io, server);
        io.json(options.json, describe(server, readyMs));
        const keys = listenForKeys(io, {
          r: () => server.restartBackend(),
          q: () => stop.now(),
          '\u0003': () => stop.now(),
        });
        await stop.asked;
        keys.close();
        io.say('');
        io.say(io.paint('dim', phrase`  stopping …`));
      } finally {
        const { kept } = await closeWithin(server, CLOSE_MS);
        io.say(phrase`  Stopped. Kept in ${shortPath(io.cwd, server.stateDir)}: ${kept.join(', ')}`);
      }
      setExitCode(0);
    });
}

/** `NAME=value`, or `NAME` for what it is here. */
function collectEnv(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('write NAME or NAME=value');
  return { ...before, [name]: value ?? process.env[name] ?? '' };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 (any) to 65535');
  return port;
}

/** The first signal asks for the end, the second one ends at once. */
function stopSignal(): { asked: Promise<void>; now(): void } {
  let now = (): void => {};
  let count = 0;
  const asked = new Promise<void>((done) => {
    now = () => {
      if (++count > 1) process.exit(130);
      done();
    };
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => now());
  return { asked, now: () => now() };
}

async function closeWithin(server: DevServer, ms: number): Promise<{ kept: string[] }> {
  const late = new Promise<{ kept: string[] }>((done) => {
    setTimeout(() => done({ kept: ['everything'] }), ms).unref();
  });
  return await Promise.race([server.close(), late]);
}

function showDiagnostics(io: Io, diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) showDiagnostic(io, diagnostic);
}

/** What broke in a running program, like a finding of the compiler. */
function showProblem(io: Io, { code, message, user, page, place }: ProgramProblem): void {
  const { meaning, fix } = PROBLEMS_ZH[code];
  showDiagnostic(io, {
    code,
    severity: 'error',
    message: `${message}  (${user})`,
    file: place?.file ?? page,
    line: place?.line ?? 0,
    column: place?.column ?? 0,
    frame: place?.frame ?? '',
    hint: PROBLEM_HINTS[code],
    chinese: { message: `${meaning}：${message}（${user}）`, hint: fix },
  });
}

function printLogs(io: Io, server: DevServer): void {
  for (const line of server.events.recent()) printLine(io, line);
  server.events.subscribe((event: DevEvent) => {
    if (event.type === 'log') printLine(io, event.line);
  });
}

function printLine(io: Io, { source, level, text, zh }: LogLine): void {
  // What the compiler found is shown with the lines around it instead.
  if (level === 'debug' || source === 'compiler') return;
  const colour = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
  const told = new Phrase(text, zh).in(io.language);
  io.pass(`${io.paint(colour, `${source.padEnd(8)}│`)} ${told}`);
}

function describe(server: DevServer, readyMs: number): Record<string, unknown> {
  return {
    app: server.project.app,
    url: server.url,
    consoleUrl: server.consoleUrl,
    lanUrl: server.lanUrl ?? null,
    backendUrl: server.project.backendDir === undefined ? null : server.ingressUrl,
    backend: server.backend(),
    port: server.port,
    pid: process.pid,
    dataDir: server.stateDir,
    logFile: server.logFile,
    readyMs,
    notices: server.notices,
  };
}
