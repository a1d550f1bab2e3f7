// Makes the JavaScript form of the sdk, for projects outside this repository.
//
//   node scripts/build-sdk.mjs               packages/sdk/dist: JavaScript, types, a package.json of its own
//   node scripts/build-sdk.mjs --pack DIR    only a tarball of it in DIR; its path is the last line of standard output
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, requireNode24, root, run } from './lib.mjs';

requireNode24();
const { values } = parseArgs({ options: { pack: { type: 'string' } } });
const sdk = join(root, 'packages/sdk');
// Made aside, so that two builds at once do not mix.
const work = mkdtempSync(join(tmpdir(), 'sparrow-sdk-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const dist = join(work, 'dist');

const PROTOCOL = '@sparrow/protocol/record-wire';

async function compile(config, outDir, what, ...more) {
  const tsc = await run([join(root, 'node_modules/typescript/bin/tsc'), '-p', config, '--outDir', outDir, ...more]);
  if (tsc.code !== 0) fail('SDK_NOT_BUILT', `tsc found errors in ${what}, see above`, 'run npm run typecheck');
}
await compile(join(sdk, 'tsconfig.build.json'), dist, 'packages/sdk');
// What the sdk has of the protocol it carries along.
await compile(join(sdk, 'tsconfig.protocol.json'), join(dist, 'protocol'), 'packages/protocol');
for (const file of readdirSync(join(dist, 'server'))) {
  const path = join(dist, 'server', file);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`'${PROTOCOL}'`, "'../protocol/record-wire/index.js'"));
}

// tsc rewrites the endings of imports in JavaScript, but not in declarations.
for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  const path = join(dist, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
}

const { name, version, description, license, type } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
const manifest = {
  name,
  version,
  description,
  license,
  type,
  engines: { node: '>=20' },
  exports: { './server': { types: './server/index.d.ts', default: './server/index.js' } },
};
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(join(sdk, 'README.md'), join(dist, 'README.md'));
copyFileSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));

if (values.pack === undefined) {
  const target = join(sdk, 'dist');
  rmSync(target, { recursive: true, force: true });
  cpSync(dist, target, { recursive: true });
} else {
  const target = resolve(values.pack);
  mkdirSync(target, { recursive: true });
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const pack = spawnSync(command, [...args, 'pack', '--json', '--loglevel=error', '--pack-destination', target], {
    cwd: dist,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (pack.status !== 0)
    fail('SDK_NOT_PACKED', `npm pack failed: ${pack.stderr ?? pack.error?.message}`, 'check that npm is installed');
  process.stdout.write(`${join(target, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)}\n`);
}
