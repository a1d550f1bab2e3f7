import { existsSync, readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { CliError } from '../errors.ts';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { phrase } from '../phrase.ts';
import { packSdk, TEMPLATES, type TemplateName, writeTemplate } from '../template.ts';
import { shortPath } from '../text.ts';
import type { CommonOptions, SetExitCode } from './command.ts';
import { type InstallTimeout, installTimeoutMs, installTimeoutOption } from './install-timeout.ts';

interface CreateOptions extends CommonOptions, InstallTimeout {
  template?: TemplateName;
  title?: string;
  appid?: string;
  yes?: boolean;
  install: boolean;
}

interface Answers {
  template: TemplateName;
  title: string;
  appid: string;
}

/** What a run without questions takes. */
const TOURIST = 'touristappid';

export function createCommand(setExitCode: SetExitCode): Command {
  return new Command('create')
    .description('make a new mini program with a backend')
    .argument('<dir>', 'folder to make')
    .addOption(new Option('-t, --template <name>', 'what to begin with').choices(Object.keys(TEMPLATES)))
    .option('--title <title>', 'name that users see')
    .option('--appid <appid>', 'appid of WeChat (default: touristappid, which needs no account)')
    .option('-y, --yes', 'take the defaults, ask nothing')
    .option('--no-install', 'do not install the packages now')
    .addOption(installTimeoutOption())
    .action(async (dir: string, options: CreateOptions) => {
      const io = createIo(options.json);
      const folder = resolve(io.cwd, dir);
      if (existsSync(folder) && readdirSync(folder).length > 0)
        throw new CliError('FOLDER_NOT_EMPTY', phrase`${folder} holds something already`, {
          hint: phrase`name a folder that does not exist yet`,
        });
      const answers = await ask(io, folder, options);
      if (!answers) {
        setExitCode(1);
        return;
      }
      const files = writeTemplate(folder, answers);
      io.say(io.paint('dim', phrase`  packing @sparrow/sdk into vendor/ …`));
      await packSdk(folder);
      if (options.install) {
        const { ensureDependencies } = await import('@sparrow/cloud');
        await ensureDependencies(folder, {
          onLine: (line) => io.say(io.paint('dim', `  ${io.tell(line)}`)),
          timeoutMs: installTimeoutMs(options),
        });
      }
      const name = shortPath(io.cwd, folder);
      io.say(phrase`${io.paint('green', '✓')} ${answers.title} is in ${name}: ${files.length} files`);
      io.say(phrase`  Next: cd ${quote(name)} && npm run dev`);
      io.json(options.json, { dir: folder, ...answers, files });
    });
}

/** At most three questions, and none that an option has answered. */
async function ask(io: Io, folder: string, options: CreateOptions): Promise<Answers | undefined> {
  const given = { template: options.template, title: options.title, appid: options.appid };
  const defaults: Answers = { template: 'hello', title: basename(folder), appid: TOURIST };
  const complete = (answers: { [K in keyof Answers]: Answers[K] | undefined }): Answers => ({
    template: answers.template ?? defaults.template,
    title: answers.title || defaults.title,
    appid: answers.appid || defaults.appid,
  });
  if (options.yes || !io.interactive) return complete(given);

  const { cancel, isCancel, select, text } = await import('@clack/prompts');
  const stopped = (): undefined => {
    cancel(io.tell(phrase`Nothing was made.`));
  };
  const template =
    given.template ??
    (await select({
      message: io.tell(phrase`What do you want to begin with?`),
      options: Object.entries(TEMPLATES).map(([value, { about }]) => ({
        value: value as TemplateName,
        label: value,
        hint: io.tell(about),
      })),
    }));
  if (isCancel(template)) return stopped();
  const title =
    given.title ??
    (await text({
      message: io.tell(phrase`What is it called?`),
      defaultValue: defaults.title,
      placeholder: defaults.title,
    }));
  if (isCancel(title)) return stopped();
  const appid =
    given.appid ??
    (await text({
      message: io.tell(phrase`Its appid at WeChat?`),
      defaultValue: TOURIST,
      placeholder: io.tell(phrase`${TOURIST} (no account needed)`),
    }));
  if (isCancel(appid)) return stopped();
  return complete({ template, title, appid });
}
