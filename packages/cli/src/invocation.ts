import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import { type CommandSubject, spellCommands } from '@sparrow/protocol';

/**
 * How `sparrow` is called from a folder. Texts everywhere name commands as `sparrow dev`; what people read is a line
 * that works where they are: by the `sparrow` script of the package around them, by the program on their PATH, or by
 * the script of Sparrow's own folder.
 *
 * @param cwd folder of the person
 * @param repository folder of Sparrow itself
 * @param subject what the commands are about
 */
export function createInvocation(options: {
  cwd: string;
  repository: string;
  path: string;
  subject?: CommandSubject;
}): {
  prefix: string;
  /** The text, with every `sparrow <verb>` in it as it has to be typed. */
  spell(text: string): string;
} {
  const prefix = hasScript(options.cwd)
    ? 'npm run -s sparrow --'
    : isOnPath(options.path)
      ? 'sparrow'
      : `npm --prefix ${quote(options.repository)} run -s sparrow --`;
  return { prefix, spell: (text) => spellCommands(text, prefix, options.subject) };
}

/** A word of a command line, in quotes when a shell would split or change it. */
export function quote(word: string): string {
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** npm runs the scripts of the nearest package.json above. */
function hasScript(cwd: string): boolean {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      try {
        const { scripts } = JSON.parse(readFileSync(file, 'utf8')) as { scripts?: Record<string, string> };
        return scripts?.sparrow !== undefined;
      } catch {
        return false;
      }
    }
    if (folder === dirname(folder)) return false;
  }
}

/** Folders that only npm put there do not count: the person's shell does not have them. */
function isOnPath(path: string): boolean {
  return path.split(delimiter).some((folder) => {
    if (folder === '' || folder.includes(`${sep}node_modules${sep}`)) return false;
    try {
      accessSync(join(folder, 'sparrow'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
