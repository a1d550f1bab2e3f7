import { join, resolve } from 'node:path';
import { type Diagnostic, diagnosticIn, type FindingCode } from '@sparrow/protocol';
import { Command } from 'commander';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { phrase } from '../phrase.ts';
import { shortPath } from '../text.ts';
import type { CommonOptions, SetExitCode } from './command.ts';
import { type InstallTimeout, installTimeoutMs, installTimeoutOption } from './install-timeout.ts';

interface BuildOptions extends CommonOptions, InstallTimeout {
  out?: string;
}

export function buildCommand(setExitCode: SetExitCode): Command {
  return new Command('build')
    .description('compile a mini program to a runtime package')
    .argument('[dir]', 'folder of the mini program', '.')
    .option('--out <dir>', 'folder of the package (default: .sparrow/package in the project)')
    .addOption(installTimeoutOption())
    .action(async (dir: string, options: BuildOptions) => {
      const io = createIo(options.json, { dir: quote(dir) });
      const [{ ensureDependencies, readProject }, { createCompiler, writePackage }] = await Promise.all([
        import('@sparrow/cloud'),
        import('@sparrow/compiler'),
      ]);
      const started = performance.now();
      const project = readProject(resolve(io.cwd, dir));
      await ensureDependencies(project.dir, {
        onLine: (text) => io.say(io.paint('dim', `  ${io.tell(text)}`)),
        timeoutMs: installTimeoutMs(options),
      });
      const compiler = createCompiler({ dir: project.dir });
      try {
        const pkg = await compiler.build();
        const { manifest } = pkg;
        const out = resolve(io.cwd, options.out ?? join(project.dir, '.sparrow/package'));
        await writePackage(pkg, out);
        const errors = manifest.diagnostics.filter(({ severity }) => severity === 'error').length;
        const ms = Math.round(performance.now() - started);
        for (const diagnostic of manifest.diagnostics) showDiagnostic(io, diagnostic);
        const pages = manifest.app.pages.length;
        const where = shortPath(io.cwd, out);
        io.say(
          phrase`${io.paint(errors ? 'red' : 'green', errors ? '✗' : '✓')} ${project.title}: ${pages} pages in ${ms} ms → ${where}`,
        );
        if (errors) io.say(phrase`  ${errors} errors: those pages will not open`);
        else io.say(phrase`  Next: sparrow check ${quote(dir)}`);
        io.json(options.json, {
          project: project.title,
          out,
          id: manifest.id,
          pages,
          bytes: manifest.packages.reduce((sum, { size }) => sum + size, 0),
          ms,
          errors,
          diagnostics: manifest.diagnostics,
        });
        setExitCode(errors ? 1 : 0);
      } finally {
        await compiler.close();
      }
    });
}

/** A finding with its place, its lines and what to do. */
export function showDiagnostic(io: Io, diagnostic: Omit<Diagnostic, 'code'> & { code: FindingCode }): void {
  const { code, severity, file, line, column, frame } = diagnostic;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  const name = io.paint(severity === 'error' ? 'red' : 'yellow', code);
  const { message, hint } = diagnosticIn(io.language, diagnostic);
  io.say(`${name} ${place}  ${message}`);
  if (frame) io.say(io.paint('dim', frame.replace(/^/gm, '    ')));
  if (hint) io.say(phrase`    Fix: ${hint}`);
}
