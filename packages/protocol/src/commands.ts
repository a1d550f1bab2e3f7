/** Verbs that a text may name: `sparrow dev …`. */
const VERBS = 'build|check|create|dev|doctor|game|reset|store|--help';
const NAMED = new RegExp(`(?<![\\w/@.-])sparrow (?=(?:${VERBS})(?![\\w-]))`, 'g');
/** In backticks, with options at most: it is meant for the project at hand. */
const OF_PROJECT = /`sparrow (build|check|dev|reset)((?: --?[a-z]\S*(?: \d+)?)*)`/g;
const OF_STORE = /(?<![\w/@.-])sparrow store (?:shards )?[a-z]+(?! --dir)/g;
const OF_GAME = /(?<![\w/@.-])sparrow game (?:topology|add-set|add-node|drain|top)(?! --config)/g;

/** What commands are about where the person is, each as it has to be typed there; nothing where the default is meant. */
export interface CommandSubject {
  /** Folder of the project. */
  dir?: string | undefined;
  /** Value of `--dir` of `sparrow store`. */
  store?: string | undefined;
  /** Value of `--config` of `sparrow game`. */
  config?: string | undefined;
}

/**
 * Texts everywhere name commands as `sparrow dev`; people read the line that works where they are.
 *
 * @param prefix how `sparrow` is called there
 * @example spellCommands('run `sparrow dev`', 'npm run -s sparrow --') // 'run `npm run -s sparrow -- dev`'
 * @example spellCommands('see `sparrow store tables`', 'sparrow', { store: 'shop' }) // 'see `sparrow store tables --dir shop`'
 */
export function spellCommands(text: string, prefix: string, { dir, store, config }: CommandSubject = {}): string {
  let spelt = text;
  if (dir !== undefined)
    spelt = spelt.replace(OF_PROJECT, (_, verb, options) => `\`sparrow ${verb} ${dir}${options}\``);
  if (store !== undefined) spelt = spelt.replace(OF_STORE, (command) => `${command} --dir ${store}`);
  if (config !== undefined) spelt = spelt.replace(OF_GAME, (command) => `${command} --config ${config}`);
  return spelt.replace(NAMED, () => `${prefix} `);
}
