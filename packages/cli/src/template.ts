import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { CliError } from './errors.ts';
import { quote } from './invocation.ts';
import { phrase } from './phrase.ts';
import { REPOSITORY } from './repository.ts';
import { VERSION } from './version.ts';

/** What `create` can begin with. */
export const TEMPLATES = {
  hello: { about: phrase`one page that logs in and asks its backend`, dir: 'packages/cli/templates/hello' },
  chat: { about: phrase`the chat room: rooms, history, live messages`, dir: 'examples/chat-room' },
} as const;
export type TemplateName = keyof typeof TEMPLATES;

/** Not copied: state, installed packages, and what names the repository. */
const LEFT_OUT = new Set(['node_modules', '.sparrow', 'miniprogram_npm', 'package-lock.json', '.npmrc']);
/** All packages of the repository have one version. */
const SDK_VERSION = VERSION;

/**
 * Copies a template and makes it the project's own: names, appid, host, and the sdk from vendor/.
 *
 * @returns the files it wrote, inside the folder.
 */
export function writeTemplate(
  folder: string,
  options: { template: TemplateName; title: string; appid: string },
): string[] {
  const source = join(REPOSITORY, TEMPLATES[options.template].dir);
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true, filter: (path) => path === source || !LEFT_OUT.has(basename(path)) });
  const name = packageName(basename(folder));
  const host = `${name}.sparrow.test`;

  // There is nothing to install Sparrow from yet: the project calls it in its own folder.
  const command = `exec node ${quote(join(REPOSITORY, 'packages/cli/bin/sparrow.mjs'))}`;
  editJson(folder, 'package.json', (json) => ({
    ...json,
    name,
    scripts: { ...(json.scripts as Record<string, string>), sparrow: command, dev: `${command} dev .` },
    description: options.title,
    dependencies: {
      ...(json.dependencies as Record<string, string>),
      '@sparrow/sdk': `file:vendor/sparrow-sdk-${SDK_VERSION}.tgz`,
    },
  }));
  editJson(folder, 'project.config.json', (json) => ({
    ...json,
    description: options.title,
    projectname: name,
    appid: options.appid,
  }));
  editJson(folder, 'sparrow.json', (json) => ({ ...json, hosts: [host] }));
  editText(folder, 'client/config.js', (text) => text.replace(/https:\/\/[\w.-]+\.sparrow\.test/, `https://${host}`));
  // An example says how it is run in the repository; a project of one's own has commands of its own.
  editText(folder, 'README.md', (text) =>
    text
      .replace(COMMANDS, () => ownCommands())
      .replaceAll(/[\w-]+\.sparrow\.test/g, host)
      .replace(/^# .*/, () => `# ${options.title}`),
  );
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\nminiprogram_npm/\n.sparrow/\n');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Packs the sdk into the project's vendor/.
 *
 * @throws CliError TOOL_FAILED with what the packing printed.
 */
export async function packSdk(folder: string): Promise<void> {
  const script = join(REPOSITORY, 'scripts/build-sdk.mjs');
  const child = spawn(process.execPath, [script, '--pack', join(folder, 'vendor')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0 || !existsSync(join(folder, `vendor/sparrow-sdk-${SDK_VERSION}.tgz`)))
    throw new CliError('TOOL_FAILED', phrase`@sparrow/sdk could not be packed\n${output.trim()}`, {
      hint: phrase`check that npm is installed, and that \`npm ci\` was run in the folder of Sparrow`,
    });
}

/** The first block of commands in a README, with what is said about them. */
const COMMANDS = /^```\n[\s\S]*?(?=^\| )/m;

/** How a created project is run, and how it finds Sparrow. It stands in one template for all of them. */
function ownCommands(): string {
  const readme = readFileSync(join(REPOSITORY, TEMPLATES.hello.dir, 'README.md'), 'utf8');
  return COMMANDS.exec(readme)?.[0] ?? '';
}

/** A name that npm and DNS accept. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return name || 'mini-program';
}

function editJson(
  folder: string,
  file: string,
  edit: (json: Record<string, unknown>) => Record<string, unknown>,
): void {
  editText(folder, file, (text) => `${JSON.stringify(edit(JSON.parse(text) as Record<string, unknown>), null, 2)}\n`);
}

function editText(folder: string, file: string, edit: (text: string) => string): void {
  const path = join(folder, file);
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
}
