/**
 * Builds a project in a process of its own: what a file does to a compiler ends this process, and the server goes on.
 *
 * @example node build-process.ts /path/of/the/project
 */
import { flushCompileCache } from 'node:module';
import { createBuilder } from './build.ts';
import { type BuildOrder, type PlainError, tellNews } from './build-messages.ts';
import { CompilerError } from './errors.ts';
import { CompileBroken, type CompileGuard } from './guard.ts';

const [dir] = process.argv.slice(2);
if (dir === undefined || !process.send) throw new Error('this module is the entry of a child process');
const guard: CompileGuard & { serial: boolean } = {
  outcasts: [],
  serial: false,
  onFile: ({ path, hash }) => tellNews({ type: 'file', path, hash }),
};
const builder = createBuilder(dir, guard);

// Nobody waits for a build any more.
process.on('disconnect', () => process.exit());
process.on('message', async (order: BuildOrder) => {
  guard.outcasts = order.outcasts;
  guard.serial = order.serial;
  try {
    const { assetPath, ...pkg } = await builder.build();
    const assets = pkg.manifest.files.flatMap((path): [string, string][] => {
      const absolute = assetPath(path);
      return absolute === undefined ? [] : [[path, absolute]];
    });
    tellNews({ type: 'built', pkg: { ...pkg, assets: new Map(assets) } });
    // This process is ended from outside, which would lose what Node made of our sources.
    flushCompileCache();
  } catch (error) {
    if (error instanceof CompileBroken) {
      const { path, hash } = error.file;
      return tellNews({ type: 'broke', path, hash, message: error.message });
    }
    const { message, stack, syscall } = error as Error & { syscall?: string };
    const known = error instanceof CompilerError ? plainOf(error) : {};
    tellNews({ type: 'failed', error: { message, ...(stack && { stack }), ...(syscall && { syscall }), ...known } });
  }
});

function plainOf({ code, hint, told, advice }: CompilerError): Omit<PlainError, 'message'> {
  return { code, hint, chinese: { message: told.in('zh'), hint: advice.in('zh') } };
}
