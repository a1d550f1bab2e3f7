import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CompiledPackage } from '@sparrow/compiler';
import { Phrase, phraseOf } from '@sparrow/core';
import { inChinese, PROBLEM_CODES, PROBLEM_HINTS, PROBLEMS_ZH } from '@sparrow/protocol';
import type { CheckError, CheckErrorKind, CheckPage, CheckReport } from '@sparrow/simulator/server';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createInterruption } from '../interruption.ts';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { phrase } from '../phrase.ts';
import { reportError } from '../report-error.ts';
import type { CommonOptions, SetExitCode } from './command.ts';
import { type InstallTimeout, installTimeoutMs, installTimeoutOption } from './install-timeout.ts';

interface CheckCommandOptions extends CommonOptions, InstallTimeout {
  mode: 'dual' | 'single';
  screenshots?: string;
  sheet?: string;
  allow: number;
  workers?: number;
  timeout?: number;
}

/** The backend gets this long to listen; pages are looked at without it then. */
const BACKEND_WAIT_MS = 15_000;

export function checkCommand(setExitCode: SetExitCode): Command {
  return new Command('check')
    .description('open every page of a mini program in a headless browser and report what a user would see')
    .argument('[dir]', 'folder of the mini program', '.')
    .addOption(new Option('--mode <mode>', 'threads of the runtime').choices(['dual', 'single']).default('dual'))
    .option('--screenshots <dir>', 'write a picture of every page')
    .option('--allow <n>', 'pages that may be unclean', parseCount, 0)
    .option('--sheet <file>', 'write an HTML file with the pictures of all pages')
    .option('--workers <n>', 'phones at the same time (default: one for each core, at most 4)', parseCount)
    .option(
      '--timeout <seconds>',
      'limit for one page on an idle machine; a busy one gets more (default: 15)',
      parseCount,
    )
    .addOption(installTimeoutOption())
    .action(async (dir: string, options: CheckCommandOptions) => {
      const io = createIo(options.json, { dir: quote(dir) });
      const folder = resolve(io.cwd, dir);
      const interruption = createInterruption();
      const [{ createDevServer }, { createCompiler }, { checkPages, createSimulator, SimulatorError }] =
        await Promise.all([import('@sparrow/cloud'), import('@sparrow/compiler'), import('@sparrow/simulator/server')]);
      const compiler = createCompiler({ dir: folder });
      // State of its own, so that a run of `sparrow dev` on the same folder is not disturbed.
      const stateHome = await mkdtemp(join(tmpdir(), 'sparrow-check-'));
      let token = '';
      let first: CompiledPackage | undefined;
      try {
        const starting = createDevServer({
          dir: folder,
          stateHome,
          port: 0,
          watch: false,
          installTimeoutMs: installTimeoutMs(options),
          onProgress: (text) => io.warn(`  ${io.tell(text)}`),
          async registerSimulator(app, deps) {
            // The packages are there by now: what is installed is compiled.
            first = await compiler.build();
            const simulator = await createSimulator({ compiler, first, watch: false })(app, deps);
            token = simulator.token;
            return simulator;
          },
        });
        const server = await interruption.race(starting);
        try {
          for (const notice of server.notices) io.warn(`  ${io.tell(notice)}`);
          const backend = server
            .whenBackendReady(BACKEND_WAIT_MS)
            .catch((error: Error) =>
              io.warn(phrase`  the backend does not run, pages are checked without it: ${phraseOf(error)}`),
            );
          await interruption.race(backend);
          if (!first) throw new Error('the simulator was not registered');
          const report = await checkPages({
            project: server.project.title,
            manifest: first.manifest,
            phoneUrl: `${server.url}/simulator/phone.html`,
            token,
            mode: options.mode,
            ...(options.workers !== undefined && { workers: options.workers }),
            ...(options.timeout !== undefined && { pageTimeoutMs: Math.max(1, options.timeout) * 1_000 }),
            ...(options.sheet !== undefined && { sheet: resolve(io.cwd, options.sheet) }),
            language: io.language,
            ownHosts: server.project.config.hosts ?? [],
            ...(options.screenshots !== undefined && { screenshots: resolve(io.cwd, options.screenshots) }),
            signal: interruption.signal,
            onPage: (page, done, total) => progress(io, page, done, total),
          });
          show(io, report);
          if (options.sheet !== undefined) io.say(phrase`  pictures of all pages: ${options.sheet}`);
          io.json(options.json, report);
          setExitCode(report.summary.pages - report.summary.clean <= options.allow ? 0 : 1);
          const { unfinished } = report;
          if (!unfinished) return;
          setExitCode(interruption.exitCode ?? 1);
          const all = report.summary.pages + unfinished.pages.length;
          const done = phrase`${report.summary.pages} of ${all} pages were looked at, and are reported`;
          reportError(
            io,
            unfinished.reason === 'interrupted'
              ? interruption.error(done)
              : new SimulatorError('BROWSER_DIED', phrase`the browser ended in the middle: ${done}`, {
                  hint: phrase`run it again; with --workers 1 it needs less memory`,
                }),
            '',
          );
        } finally {
          await server.close();
        }
      } finally {
        await rm(stateHome, { recursive: true, force: true });
        interruption.forget();
      }
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('give a whole number from 0');
  return count;
}

/** A bar in a terminal; without one a line for each page that is not clean. */
function progress(io: Io, page: CheckPage, done: number, total: number): void {
  if (process.stderr.isTTY) {
    const width = 30;
    const filled = Math.round((done / total) * width);
    process.stderr.write(`\r  ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total} `);
    if (done === total) process.stderr.write('\n');
  } else if (!page.clean)
    io.warn(phrase`  ${done}/${total} ${page.path}: ${page.rendered ? phrase`not clean` : phrase`not rendered`}`);
}

const toldMessage = ({ code, message, chinese }: CheckError): Phrase =>
  new Phrase(message, chinese ?? inChinese(code, message));

const KINDS: Record<CheckErrorKind, Phrase> = {
  compile: phrase`compile`,
  component: phrase`component`,
  api: phrase`api`,
  script: phrase`script`,
  runtime: phrase`runtime`,
  network: phrase`network`,
};

function show(io: Io, report: CheckReport): void {
  for (const page of report.pages) {
    const mark = page.clean ? io.paint('green', '✓') : page.rendered ? io.paint('yellow', '!') : io.paint('red', '✗');
    io.say(
      `${mark} ${page.path}  ${io.paint('dim', phrase`${page.elements} elements, ${page.ms} ms`)}${page.redirected ? ` → ${page.redirected}` : ''}`,
    );
    for (const error of page.errors.slice(0, 5))
      io.say(phrase`    ${KINDS[error.kind]} ${error.code}: ${toldMessage(error)}${error.file && `  (${error.file})`}`);
    if (page.errors.length > 5) io.say(phrase`    … and ${page.errors.length - 5} more`);
  }
  const codes = new Set(report.pages.flatMap((page) => page.errors.map((error) => error.code)));
  const found = PROBLEM_CODES.filter((code) => codes.has(code));
  if (found.length > 0) io.say(phrase`\n  How to fix:`);
  for (const code of found) {
    const { meaning, fix } = PROBLEMS_ZH[code];
    io.say(new Phrase(`  ${code}: ${PROBLEM_HINTS[code]}`, `  ${code}：${meaning}。${fix}`));
  }
  const { pages, compiled, rendered, clean } = report.summary;
  io.say('');
  const count = pages === 1 ? phrase`1 page` : phrase`${pages} pages`;
  const mode = report.mode === 'dual' ? phrase`dual thread` : phrase`single thread`;
  io.say(phrase`  ${count}: ${compiled} compiled, ${rendered} rendered, ${clean} clean (${mode})`);
  const { apis, components } = report;
  if (apis.missing.length > 0) io.say(phrase`  wx functions missing: ${apis.missing.join(', ')}`);
  if (components.missing.length > 0) io.say(phrase`  components missing: ${components.missing.join(', ')}`);
}
