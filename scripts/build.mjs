// Builds the browser parts that are stale: the layers of the runtime, the phone, the console. What Node runs needs no
// build.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inShellLanguage } from './errors.zh.mjs';
import { requireNode24, root } from './lib.mjs';

requireNode24();
const force = process.argv.includes('--force');
const simulator = join(root, 'packages/simulator');
const out = join(simulator, 'dist');

/** name → the sources its stamp covers and how it is built. */
const parts = {
  service: {
    sources: ['packages/runtime/src', 'packages/protocol/src'],
    build: () => bundle('service', 'packages/runtime/src/service/main-worker.ts'),
  },
  view: {
    sources: ['packages/runtime/src', 'packages/protocol/src'],
    build: () => bundle('view', 'packages/runtime/src/view/main-frame.ts'),
  },
  single: {
    sources: ['packages/runtime/src', 'packages/protocol/src'],
    build: () => bundle('single', 'packages/runtime/src/single/main-single.ts'),
  },
  phone: {
    sources: ['packages/simulator/src/phone', 'packages/runtime/src', 'packages/protocol/src'],
    async build() {
      for (const name of readdirSync(join(out, 'assets')))
        if (name.startsWith('phone-')) rmSync(join(out, 'assets', name));
      await bundle('phone', 'packages/simulator/src/phone/main.ts', 'es');
      const from = join(simulator, 'src/phone');
      const pages = ['phone.html', 'frames/boot.html', 'frames/view.html', 'frames/single.html'];
      for (const file of pages) cpSync(join(from, file), join(out, file.replace('frames/', '')));
      const { build } = await import('esbuild');
      await build({ entryPoints: [join(from, 'styles/phone.css')], outdir: out, bundle: true, logLevel: 'warning' });
    },
  },
  console: { sources: ['apps/console', 'packages/protocol/src'], build: buildConsole },
};

function stampOf(sources) {
  const hash = createHash('sha256')
    .update(process.version)
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(readFileSync(join(root, 'scripts/build.mjs')));
  const visit = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort())
        if (name !== 'dist' && name !== 'node_modules') visit(join(path, name));
    } else hash.update(path.slice(root.length)).update(readFileSync(path));
  };
  for (const source of sources) visit(join(root, source));
  return hash.digest('hex');
}

async function bundle(name, entry, format = 'iife') {
  const { build } = await import('vite');
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: join(out, 'assets'),
      emptyOutDir: false,
      sourcemap: false,
      minify: true,
      target: 'es2022',
      lib: { entry: join(root, entry), formats: [format], name: `sparrow_${name}`, fileName: () => `${name}.js` },
      // Parts that are loaded later are named after their folder: phone-ui.js, from wx/ui/host.ts.
      rolldownOptions: {
        preserveEntrySignatures: 'allow-extension',
        output: {
          chunkFileNames: ({ facadeModuleId, name: chunk }) =>
            `${name}-${facadeModuleId ? basename(dirname(facadeModuleId)) : chunk}.js`,
        },
      },
    },
  });
}

async function buildConsole() {
  const config = join(root, 'apps/console/vite.config.ts');
  if (!existsSync(config)) return;
  const { build } = await import('vite');
  await build({ root: join(root, 'apps/console'), configFile: config, logLevel: 'warn' });
}

const stampFile = join(out, 'stamps.json');
const stamps = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
let built = 0;
for (const [name, { sources, build }] of Object.entries(parts)) {
  const stamp = stampOf(sources);
  if (!force && stamps[name] === stamp) continue;
  if (built++ === 0)
    process.stderr.write(
      inShellLanguage(
        'Building the browser parts (about ten seconds, only after a change of Sparrow itself):\n',
        '正在构建浏览器端代码（约需十秒，仅在 Sparrow 自身变更后需要）：\n',
      ),
    );
  process.stderr.write(`  ${name} …\n`);
  if (force) rmSync(join(out, 'assets', `${name}.js`), { force: true });
  mkdirSync(join(out, 'assets'), { recursive: true });
  await build();
  stamps[name] = stamp;
  writeFileSync(stampFile, JSON.stringify(stamps));
}
