/** Builds a project in a thread of its own: what a file does to a compiler ends this thread, and the server goes on. */
import { parentPort, workerData } from 'node:worker_threads';
import { createBuilder } from './build.ts';
import type { BuildNews, BuildOrder, BuildSetup } from './build-messages.ts';
import { CompilerError } from './errors.ts';
import { CompileBroken, type CompileGuard } from './guard.ts';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker');
const tell = (news: BuildNews): void => port.postMessage(news);
const guard: CompileGuard & { serial: boolean } = {
  outcasts: [],
  serial: false,
  onFile: ({ path, hash }) => tell({ type: 'file', path, hash }),
};
const builder = createBuilder((workerData as BuildSetup).dir, guard);

port.on('message', async (order: BuildOrder) => {
  guard.outcasts = order.outcasts;
  guard.serial = order.serial;
  try {
    const { assetPath, ...pkg } = await builder.build();
    const assets = pkg.manifest.files.flatMap((path): [string, string][] => {
      const absolute = assetPath(path);
      return absolute === undefined ? [] : [[path, absolute]];
    });
    tell({ type: 'built', pkg: { ...pkg, assets: new Map(assets) } });
  } catch (error) {
    if (error instanceof CompileBroken) {
      const { path, hash } = error.file;
      return tell({ type: 'broke', path, hash, message: error.message });
    }
    const { message, stack, syscall } = error as Error & { syscall?: string };
    const known = error instanceof CompilerError ? { code: error.code, hint: error.hint } : {};
    tell({ type: 'failed', error: { message, ...(stack && { stack }), ...(syscall && { syscall }), ...known } });
  }
});
